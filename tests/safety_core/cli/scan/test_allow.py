"""The allow-list is read strictly, and tells what it no longer needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.cli.scan.allow import AllowList, read_allow_list
from safety_core.errors import InputError

ONE, TWO, THREE = "1" * 16, "2" * 16, "3" * 16


def read(folder: Path, text: str) -> AllowList:
    (folder / ".safety-allow").write_text(text)
    return read_allow_list(None)


def test_entries(folder: Path) -> None:
    allow = read(folder, f"\ufeff# places\n\n{ONE}  # a sample\n{TWO}  tests/**  # another # one\n")
    assert allow.name == ".safety-allow"
    entry = allow.entry_for("anything", ONE)
    assert entry is not None
    assert (entry.reason, entry.line) == ("a sample", 3)
    assert allow.entry_for("tests/a/b.py", TWO) is not None
    assert allow.entry_for("src/a.py", TWO) is None
    assert allow.entry_for("src/a.py", THREE) is None


def test_without_a_file_nothing_is_allowed(folder: Path) -> None:
    assert read_allow_list(None).entry_for("a", ONE) is None


def test_a_file_by_name(folder: Path) -> None:
    (folder / "list").write_text(f"{ONE} # why\n")
    assert read_allow_list(Path("list")).entry_for("a", ONE) is not None
    with pytest.raises(InputError, match="nowhere: cannot be read"):
        read_allow_list(Path("nowhere"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"{ONE}", "line 1: gives no reason"),
        (f"\n{ONE} #  ", "line 2: gives no reason"),
        ("nonsense # why", "line 1: does not begin with a fingerprint"),
        (f"{ONE}1 # why", "does not begin with a fingerprint"),
        (f"{'A' * 16} # why", "does not begin with a fingerprint"),
        (f"{ONE} # why\n{ONE} # why", "line 2: says again"),
    ],
)
def test_what_is_refused(folder: Path, text: str, error: str) -> None:
    with pytest.raises(InputError, match=error):
        read(folder, text)


def test_a_list_that_is_no_text(folder: Path) -> None:
    (folder / ".safety-allow").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_allow_list(None)


def test_unused_entries(folder: Path) -> None:
    allow = read(folder, f"{ONE} # a\n{TWO} tests/* # b\n{THREE} src/* # c\n")
    one = allow.entry_for("x", ONE)
    assert one is not None
    seen = ["src/a.py", "x"]

    def unused(*used: object, complete: bool) -> list[str]:
        spent = [entry for entry in [one] if entry in used]
        return [entry.fingerprint for entry in allow.unused(spent, seen, complete=complete)]

    assert unused(one, complete=True) == [THREE]
    assert unused(complete=True) == [ONE, THREE]
    assert unused(complete=False) == [THREE]
