"""File operations stay inside the workspace, whatever the path, the links, or the moment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from safety_core.edge.confine.confinement import of_commands
from safety_core.edge.execute import Limits, execute
from safety_core.edge.execute import file as adapter
from safety_core.edge.home import Home
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue, refs_in
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import FilePlan

VALUES = {SecretName("a"): SecretValue("value")}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "space").mkdir()
    (tmp_path / "space-evil").mkdir()
    (tmp_path / "space-evil" / "loot").write_text("loot")
    return tmp_path / "space"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def do(
    operation: str, workspace: Path, path: str, content: str = "", old: str = "", limits: Limits | None = None
) -> ToolResult:
    plan = FilePlan(operation, str(workspace), path, content, old, refs_in([content, old]))
    return await execute(plan, VALUES, limits)


async def test_write_read_append_edit(workspace: Path) -> None:
    assert await do("write", workspace, "a/b/c.txt", "key=SECRET_REF(a)\n") == ToolResult("write done: a/b/c.txt")
    await do("append", workspace, str(workspace / "a/b/c.txt"), "more é\n")
    assert (await do("read", workspace, "a/b/c.txt")).output == "key=value\nmore é\n"
    await do("edit", workspace, "a/./b/../b/c.txt", "key=new", "key=SECRET_REF(a)")
    assert (workspace / "a/b/c.txt").read_text() == "key=new\nmore é\n"
    assert names(workspace / "a/b") == ["c.txt"]


async def test_reading_stops_at_the_limit(workspace: Path) -> None:
    (workspace / "x").write_bytes(b"12345\xff")
    assert await do("read", workspace, "x", limits=Limits(output=5)) == ToolResult("12345", truncated=True)
    assert await do("read", workspace, "x", limits=Limits(output=6)) == ToolResult("12345\ufffd")


async def test_permissions_survive_a_write(workspace: Path) -> None:
    (workspace / "run.sh").write_text("old")
    (workspace / "run.sh").chmod(0o750)
    await do("write", workspace, "run.sh", "new")
    assert stat.S_IMODE((workspace / "run.sh").stat().st_mode) == 0o750


@pytest.mark.parametrize("operation", ["read", "write", "append", "edit"])
@pytest.mark.parametrize(
    "path",
    ["../space-evil/loot", "{0}-evil/loot", "/etc/hostname", "", ".", "..", "~/x", "link/loot", "a/../../x", "leaf"],
)
async def test_no_path_leads_out(workspace: Path, operation: str, path: str) -> None:
    (workspace / "link").symlink_to(workspace.parent / "space-evil")
    (workspace / "leaf").symlink_to(workspace.parent / "space-evil" / "loot")
    with pytest.raises(ExecutionError, match="is not a file inside of the workspace"):
        await do(operation, workspace, path.format(workspace), "x", "loot")
    assert (workspace.parent / "space-evil" / "loot").read_text() == "loot"


@pytest.mark.parametrize("operation", ["read", "write", "append", "edit"])
@pytest.mark.parametrize(
    "path", [".safety/keys/vault.key", ".safety/new", "way/vault.key", "d/../.safety/../.safety/x"]
)
async def test_the_edges_own_folder_in_a_workspace_is_not_there(workspace: Path, operation: str, path: str) -> None:
    home = Home(workspace / ".safety").create()
    home.vault_key.write_text("the key")
    (workspace / "way").symlink_to(home.keys)
    limits = Limits(confinement=of_commands(home, str(workspace), environ={}))
    with pytest.raises(ExecutionError, match="is hidden from what agents do"):
        await do(operation, workspace, path, "x", "the", limits)
    assert home.vault_key.read_text() == "the key"
    assert names(home.path) == ["bundles", "keys"]


async def test_a_workspace_in_the_edges_own_folder_is_there(workspace: Path) -> None:
    limits = Limits(confinement=of_commands(Home(workspace.parent), str(workspace), environ={}))
    await do("write", workspace, "file", "text", limits=limits)
    assert (await do("read", workspace, "file", limits=limits)).output == "text"


async def test_links_that_stay_inside_are_followed(workspace: Path) -> None:
    (workspace / "real").mkdir()
    (workspace / "real" / "x").write_text("in")
    (workspace / "link").symlink_to("real")
    assert (await do("read", workspace, "link/x")).output == "in"
    (workspace.parent / "door").symlink_to(workspace)
    assert (await do("read", workspace.parent / "door", "link/x")).output == "in"


async def test_a_folder_exchanged_for_a_link_in_between_leads_nowhere(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "a").mkdir()
    (workspace / "a" / "loot").write_text("mine")
    honest = adapter.inside_of

    def exchanged(root: str, path: str, *_: object) -> object:
        checked = honest(root, path)
        (workspace / "a").rename(workspace / "b")
        (workspace / "a").symlink_to(workspace.parent / "space-evil")
        return checked

    monkeypatch.setattr(adapter, "inside_of", exchanged)
    with pytest.raises(ExecutionError, match="cannot be used"):
        await do("read", workspace, "a/loot")


async def test_only_regular_files(workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    (workspace / "folder").mkdir()
    for operation in ("read", "append", "write", "edit"):
        for path in ("pipe", "folder"):
            with pytest.raises(ExecutionError, match="cannot be used"):
                await do(operation, workspace, path, "x", "y")
    assert names(workspace) == ["folder", "pipe"]


@pytest.mark.parametrize(("old", "times"), [("no", 0), ("a", 2), ("", 0)])
async def test_an_edit_needs_its_old_text_exactly_once(workspace: Path, old: str, times: int) -> None:
    (workspace / "x").write_text("a a")
    with pytest.raises(ExecutionError, match=f"holds the old text {times} times"):
        await do("edit", workspace, "x", "new", old)
    assert (workspace / "x").read_text() == "a a"


async def test_what_is_too_large_is_not_edited(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "EDIT_BYTES", 10)
    (workspace / "x").write_text("a" * 11)
    with pytest.raises(ExecutionError, match="is larger than"):
        await do("edit", workspace, "x", "new", "a")


async def test_what_is_not_there_is_named(workspace: Path) -> None:
    for operation in ("read", "edit"):
        with pytest.raises(ExecutionError, match="file missing: cannot be used"):
            await do(operation, workspace, "missing", "x", "y")
    with pytest.raises(ExecutionError, match="cannot be used"):
        await do("read", workspace / "nowhere", "x")
