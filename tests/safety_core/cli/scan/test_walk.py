"""Which files are looked into, and why others are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safety_core.cli.scan.walk import Walk, shown_path
from safety_core.model.path_glob import matches


def walked(walk: Walk, *named: str) -> list[str]:
    return [target.shown for target in walk.targets(map(Path, named))]


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_in_the_order_of_names(folder: Path) -> None:
    make(folder, "b.txt", "a/z.txt", "a/b/c.txt", "c/d.txt", ".env")
    assert walked(Walk(), ".") == [".env", "b.txt", "a/z.txt", "a/b/c.txt", "c/d.txt"]


def test_what_nobody_wrote_by_hand_is_left_out(folder: Path) -> None:
    make(folder, "kept.txt", ".git/config", "web/node_modules/x.js", "a/__pycache__/x.pyc")
    make(folder, "env/pyvenv.cfg", "env/lib/x.py", "build/kept.js")
    walk = Walk()
    assert walked(walk, ".") == ["kept.txt", "build/kept.js"]
    assert dict(walk.skipped) == {
        "version control": 1,
        "virtual environment": 1,
        "cache": 1,
        "installed packages": 1,
    }
    assert walk.folders


def test_what_was_named_is_looked_into_whatever_it_is(folder: Path) -> None:
    make(folder, ".git/config", "env/pyvenv.cfg")
    walk = Walk()
    assert walked(walk, ".git/config", "env") == [".git/config", "env/pyvenv.cfg"]
    assert not Walk().folders


def test_circles_of_links_have_an_end(folder: Path) -> None:
    make(folder, "a/x.txt")
    (folder / "a/again").symlink_to(folder)
    (folder / "one").symlink_to("two")
    (folder / "two").symlink_to("one")
    (folder / "x").symlink_to("a/x.txt")
    walk = Walk()
    assert walked(walk, ".") == ["a/x.txt"]
    assert dict(walk.skipped) == {"symbolic link": 4}
    named = Walk()
    assert walked(named, "one", "x", "a/again") == ["x", "a/again/a/x.txt"]
    assert [refused.path for refused in named.refused] == ["one"]


def test_every_file_once(folder: Path) -> None:
    make(folder, "a/x.txt")
    assert walked(Walk(), "a", "a/x.txt", ".", str(folder / "a")) == ["a/x.txt"]


def test_what_is_no_file(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    make(folder, "x")
    walk = Walk()
    assert walked(walk, ".") == ["x"]
    assert dict(walk.skipped) == {"not a regular file": 1}
    assert walked(Walk(), "pipe") == ["pipe"]


def test_what_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(folder, "a/x", "b/y")
    scandir = os.scandir

    def refused(path: Path) -> object:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    walk = Walk()
    assert walked(walk, ".", "nowhere") == ["b/y"]
    assert [(found.path, found.reason) for found in walk.refused] == [
        ("a", "cannot be read (Permission denied)"),
        ("nowhere", "cannot be read (No such file or directory)"),
    ]


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("*.lock", ["src/a.py", "src/deep/b.py", "tests/src/c.py"]),
        ("src", ["x.lock"]),
        ("src/", ["x.lock"]),
        ("./src/deep", ["x.lock", "src/a.py", "tests/src/c.py"]),
        ("src/**", ["x.lock", "tests/src/c.py"]),
        ("**/deep/*.py", ["x.lock", "src/a.py", "tests/src/c.py"]),
        ("**/x.lock", ["src/a.py", "src/deep/b.py", "tests/src/c.py"]),
        ("nothing", ["x.lock", "src/a.py", "src/deep/b.py", "tests/src/c.py"]),
    ],
)
def test_exclude(folder: Path, glob: str, left: list[str]) -> None:
    make(folder, "src/a.py", "src/deep/b.py", "tests/src/c.py", "x.lock")
    walk = Walk([glob])
    assert walked(walk, ".") == left
    assert bool(walk.skipped["excluded"]) == (len(left) < 4)


def test_a_glob_is_about_whole_names() -> None:
    assert not matches("src/secrets.py", "secrets")
    assert not matches("srcs/a.py", "src/*")
    assert matches("src/a/b/c.py", "src/*/c.py")


def test_paths_as_they_are_shown(folder: Path) -> None:
    assert shown_path(Path("./a/../b.txt")) == "b.txt"
    assert shown_path(folder / "a/b.txt") == "a/b.txt"
    assert shown_path(Path("../b.txt")) == str(folder.parent / "b.txt")
    assert shown_path(Path(f"{folder}-evil/b.txt")) == f"{folder}-evil/b.txt"
