"""Files of the workspace as whole bytes: bounded, and never replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.edge import workspace as workspace_files
from safety_core.errors import ExecutionError
from tests.safety_core.edge.execute.test_file import names


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "space").mkdir()
    (tmp_path / "space-evil").mkdir()
    (tmp_path / "space-evil" / "loot").write_text("loot")
    return tmp_path / "space"


def test_bytes_of_a_file_are_bounded(workspace: Path) -> None:
    (workspace / "a.bin").write_bytes(b"\xff\x00" * 10)
    assert workspace_files.read_bytes(str(workspace), "a.bin", 20) == b"\xff\x00" * 10
    with pytest.raises(ExecutionError, match="larger than 19 bytes"):
        workspace_files.read_bytes(str(workspace), "a.bin", 19)
    for path in ("../space-evil/loot", "missing", "~/x", "a\0b"):
        with pytest.raises(ExecutionError):
            workspace_files.read_bytes(str(workspace), path, 20)


def test_a_new_file_replaces_nothing_and_is_whole_or_not_there(workspace: Path) -> None:
    with workspace_files.new_file(str(workspace), "in/a.bin") as file:
        file.write(b"one")
        assert names(workspace / "in") != ["a.bin"]
    with (
        pytest.raises(ExecutionError, match="choose another name"),
        workspace_files.new_file(str(workspace), "in/a.bin") as file,
    ):
        file.write(b"two")
    with pytest.raises(ZeroDivisionError), workspace_files.new_file(str(workspace), "in/b.bin"):
        raise ZeroDivisionError
    (workspace / "out").symlink_to(workspace.parent / "space-evil")
    with pytest.raises(ExecutionError, match="not a file inside"), workspace_files.new_file(str(workspace), "out/x"):
        pass
    assert (workspace / "in" / "a.bin").read_bytes() == b"one"
    assert names(workspace / "in") == ["a.bin"]
