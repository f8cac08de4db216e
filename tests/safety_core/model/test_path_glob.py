"""Globs speak of whole paths, of folders above, and of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.model.path_glob import any_of, matches


@pytest.mark.parametrize(
    ("glob", "path", "speaks"),
    [
        ("*.lock", "a/b.lock", True),
        ("*.lock", "a.lock/b", True),
        ("*.lock", "a.locks", False),
        ("src", "src/a/b", True),
        ("src", "srcs/a", False),
        ("src/*.py", "src/a/b.py", True),
        ("**/deploy/*", "deploy/a", True),
        ("**/deploy/*", "x/y/deploy/a", True),
        ("./a/", "a/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab]x", "bx", True),
        ("[!ab]x", "bx", False),
        ("[!ab]x", "cx", True),
        ("[]]x", "]x", True),
        ("[^a]x", "^x", True),
        ("[", "[", True),
        ("a[b", "a[b", True),
        ("a.b", "axb", False),
    ],
)
def test_globs(glob: str, path: str, speaks: bool) -> None:
    assert matches(path, glob) is speaks


def test_none_speak_of_nothing() -> None:
    assert any_of(()).fullmatch("a") is None
    assert any_of(["a", "b/*"]).fullmatch("b/c")


@given(st.text(alphabet="ab.*?[]!^-\\/", max_size=12), st.text(alphabet="ab./", max_size=12))
def test_every_glob_can_be_asked(glob: str, path: str) -> None:
    assert matches(path, glob) in {True, False}
