"""What a session wrote into files, as far as it is known."""

from __future__ import annotations

from safety_core.classify.files import MOST_COPIED, MOST_TEXT, Content, Files
from safety_core.classify.paths import HOLE

DECODED = frozenset({"decoded"})


def test_a_file_is_what_was_written_last() -> None:
    files = Files({"/a": Content("old"), "/b": Content("kept", DECODED)})
    files.write("/a", "new")
    assert files.get("/a") == "new"
    assert files.read("/b") == Content("kept", DECODED)
    assert files.get("/c") is None
    assert dict(files.written) == {"/a": Content("new")}
    assert dict(files.asked) == {"/b": Content("kept", DECODED), "/c": None}


def test_appending_adds_to_what_is_known_and_leaves_a_hole_for_the_rest() -> None:
    files = Files({"/a": Content("one\n", DECODED)})
    files.write("/a", "two\n", append=True)
    files.write("/b", "two\n", append=True)
    files.write("/a", None, append=True)
    assert files.read("/a") == Content(f"one\ntwo\n{HOLE}", DECODED)
    assert files.get("/b") == f"{HOLE}\ntwo\n"


def test_home_has_one_name() -> None:
    files = Files()
    files.write("/home/user/x", "text")
    assert files.get("~/x") == "text"
    files.write("~", None)
    assert files.read("/home/user") == Content(None)
    files.write("/home/users", "other")
    assert set(files.written) == {"~/x", "~", "/home/users"}


def test_a_change_that_cannot_be_followed_leaves_nothing_known() -> None:
    files = Files({"/a/x": Content("x"), "/b": Content("b")})
    files.change("/b", DECODED)
    assert files.read("/b") == Content(None, DECODED)
    assert not files.wide
    files.change("/a/*")
    assert files.read("/a/x") == Content(None)
    assert files.wide


def test_files_and_folders_are_copied() -> None:
    files = Files({"/a": Content("x", DECODED), "/f/one": Content("1")})
    files.copy("/a", "/b")
    files.copy("/f", "/g")
    files.copy("/unknown", "/new")
    files.copy("/unknown", "/b")
    assert dict(files.written) == {"/b": Content(None), "/g/one": Content("1")}


def test_texts_that_grow_without_end_are_no_longer_known() -> None:
    files = Files()
    files.write("/a", "x" * (MOST_TEXT + 1))
    assert files.read("/a") == Content(None)
    files.write("/b", "x" * MOST_TEXT)
    for _ in range(MOST_COPIED // MOST_TEXT):
        assert files.get("/b") is not None
    assert files.read("/b") == Content(None)
    files.write("/c", "x")
    assert files.read("/c") == Content(None)
