"""A value that can be read once, from a path, and is gone then."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from safety_core.edge import one_time
from safety_core.edge.one_time import hand_out, memory_folder
from safety_core.errors import UnavailableError
from safety_core.model.secret import SecretValue

VALUE = SecretValue("a-value-" + "x" * 200_000)
"""More than a pipe holds at once."""


class Reader:
    """Reads the path it is told, on a thread of its own, and notes what it finds there."""

    def __init__(self, *, leaves: bool = False) -> None:
        self.read = ""
        self.path = Path()
        self.mode = self.folder_mode = 0
        self.thread: threading.Thread | None = None
        self._leaves = leaves

    def told(self, path: Path) -> None:
        self.path = path
        self.mode, self.folder_mode = path.stat().st_mode, path.parent.stat().st_mode
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        with self.path.open(encoding="utf-8") as file:
            self.read = file.read(1 if self._leaves else -1)

    def done(self) -> Reader:
        assert self.thread is not None
        self.thread.join(20)
        return self


@pytest.mark.parametrize("plain", [False, True])
def test_it_is_read_once_by_its_owner_alone(plain: bool) -> None:
    reader = Reader()
    assert hand_out(VALUE, "OVEN", 20.0, reader.told, plain=plain)
    assert reader.done().read == VALUE.reveal()
    assert reader.path.name == "OVEN"
    assert stat.S_IMODE(reader.mode) == 0o600
    assert stat.S_IMODE(reader.folder_mode) == 0o700
    assert stat.S_ISFIFO(reader.mode) is not plain
    assert not reader.path.parent.exists()


@pytest.mark.parametrize("plain", [False, True])
def test_nobody_comes_and_nothing_stays(plain: bool) -> None:
    paths: list[Path] = []
    assert not hand_out(VALUE, "OVEN", 0.05, paths.append, plain=plain)
    assert not paths[0].parent.exists()


def test_who_leaves_before_the_end_has_not_read_it() -> None:
    reader = Reader(leaves=True)
    assert not hand_out(VALUE, "OVEN", 20.0, reader.told)
    assert not reader.done().path.exists()


def test_who_reads_too_slowly_has_not_read_it(tmp_path: Path) -> None:
    handles: list[int] = []

    def told(path: Path) -> None:
        handles.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))

    assert not hand_out(VALUE, "OVEN", 0.2, told, base=tmp_path)
    os.close(handles[0])


def test_the_name_is_gone_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_time._written
    there: list[bool] = []
    reader = Reader()

    def looked(handle: int, value: bytes, until: float) -> bool:
        there.append(reader.path.exists())
        return written(handle, value, until)

    monkeypatch.setattr(one_time, "_written", looked)
    assert hand_out(SecretValue("short"), "OVEN", 20.0, reader.told)
    assert reader.done().read == "short"
    assert there == [False]


@pytest.mark.parametrize("plain", [[], ["--plain"]])
def test_a_program_that_is_asked_to_end_leaves_nothing(plain: list[str]) -> None:
    script = (
        "import sys; from safety_core.edge.one_time import hand_out; from safety_core.model.secret import SecretValue\n"
        "hand_out(SecretValue('x'), 'OVEN', 60.0, lambda path: print(path, flush=True), plain=len(sys.argv) > 1)"
    )
    with subprocess.Popen([sys.executable, "-c", script, *plain], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        path = Path(child.stdout.readline().strip())
        assert path.exists()
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 128 + signal.SIGTERM
        assert not path.parent.exists()


def test_it_lies_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert one_time._file_system(memory_folder()) in {"tmpfs", "ramfs"}
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert memory_folder() == Path("/dev/shm"), "commands see /run"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert memory_folder() != tmp_path or one_time._file_system(tmp_path) == "tmpfs"
    monkeypatch.setattr(one_time, "_file_system", lambda path: "ext4")
    with pytest.raises(UnavailableError, match="finds no tmpfs to write to"):
        memory_folder()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="cannot be written to"):
        hand_out(VALUE, "OVEN", 1.0, lambda path: None, base=tmp_path / "nowhere")
    with pytest.raises(UnavailableError, match="cannot be handed out"):
        hand_out(VALUE, "x" * 300, 60.0, lambda path: None, base=tmp_path)
