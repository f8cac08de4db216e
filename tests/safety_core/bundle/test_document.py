"""Source files: the plain part of YAML, with the line of every entry."""

from __future__ import annotations

import pytest

from safety_core.bundle.document import DEPTH, SOURCE_LIMIT, read_document
from safety_core.errors import PolicyError


def test_values_keep_their_lines() -> None:
    found = read_document("a.yaml", b"one: 1\ntwo:\n  - x\n  - {deep: true, half: 0.5, none: null, text: '12:30'}\n")
    assert found.value == {"one": 1, "two": ["x", {"deep": True, "half": 0.5, "none": None, "text": "12:30"}]}
    assert found.place(".two[1].deep") == "a.yaml:4"
    assert found.place(".two[1].absent") == "a.yaml:4"
    assert found.place(".absent") == "a.yaml:1"


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert read_document("a.yaml", b"# nothing\n").mapping() == {}


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        (b"a: [1\nb: 2\n", "a.yaml:2", "is not YAML"),
        (b"a: 1\n---\nb: 2\n", "a.yaml:2", "is not YAML"),
        (b"a: \xff\n", "a.yaml", "is not UTF-8"),
        (b"a: \x07\n", "a.yaml", "characters that YAML does not allow"),
        (b"a: 1\na: 2\n", "a.yaml:2", "'a' twice"),
        (b"a: &x 1\nb: *x\n", "a.yaml:1", "an anchor"),
        (b"ok: 1\nno: yes\n", "a.yaml:2", "a key that is not text"),
        (b"a:\n  b: on\n", "a.yaml:2", "read in two ways"),
        (b"a: 12:30\n", "a.yaml:1", "read in two ways"),
        (b"a: 2026-11-22\n", "a.yaml:1", "read in two ways"),
        (b"a: 0x10\n", "a.yaml:1", "read in two ways"),
        (b"a: .inf\n", "a.yaml:1", "read in two ways"),
        (b"? [a]\n: 1\n", "a.yaml:1", "a key that is not text"),
        (b"[" * (DEPTH + 2) + b"]" * (DEPTH + 2), "a.yaml:1", "nested deeper"),
        (b"#" * (SOURCE_LIMIT + 1), "a.yaml", "is larger than"),
    ],
)
def test_what_could_be_misread_is_refused_with_its_line(raw: bytes, place: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        read_document("a.yaml", raw)
    assert caught.value.thing == place


def test_lines_end_as_yaml_ends_them() -> None:
    with pytest.raises(PolicyError, match=r"a\.yaml:3"):
        read_document("a.yaml", b"a: 1\rb: 2\r\tc")


def test_a_list_is_no_mapping() -> None:
    with pytest.raises(PolicyError, match="must be a mapping"):
        read_document("a.yaml", b"- 1\n").mapping()
