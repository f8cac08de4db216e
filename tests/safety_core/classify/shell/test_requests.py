"""Which requests a command makes: method, address and body."""

from __future__ import annotations

import pytest

from safety_core.classify.catalogue import Catalogue
from safety_core.classify.shell.options import read
from safety_core.classify.shell.requests import requests
from safety_core.classify.shell.words import Word

CATALOGUE = Catalogue(
    {
        "programs": {
            "fetch": {
                "operands": "url",
                "flags": "-I -G -T",
                "options": {
                    "-X": "=method",
                    "-d": "outward=upload",
                    "-F": "=field",
                    "--url": "=url",
                    "--sent": "outward",
                },
            },
            "ask": {"operands": "httpie"},
            "see": {"operands": "path"},
            "bare": {},
        }
    }
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fetch a.example", [("GET", "a.example", "")]),
        ("fetch a.example b.example", [("GET", "a.example", ""), ("GET", "b.example", "")]),
        ("fetch --url a.example", [("GET", "a.example", "")]),
        ("fetch -X delete a.example", [("DELETE", "a.example", "")]),
        ("fetch -d x=1 a.example", [("POST", "a.example", "x=1")]),
        ("fetch -F x=1 a.example", [("POST", "a.example", "x=1")]),
        ("fetch --sent a.example", [("POST", "a.example", "@")]),
        ("fetch -G -d x=1 a.example", [("GET", "a.example", "x=1")]),
        ("fetch -I a.example", [("HEAD", "a.example", "")]),
        ("fetch -T a.example", [("PUT", "a.example", "")]),
        ("ask a.example", [("GET", "a.example", "")]),
        ("ask PUT a.example x=1 y=2", [("PUT", "a.example", "x=1\ny=2")]),
        ("ask a.example x=1", [("POST", "a.example", "x=1")]),
        ("see a.example", []),
        ("bare a.example", []),
    ],
)
def test_requests(line: str, expected: list[tuple[str, str, str]]) -> None:
    program, *words = line.split()
    entry = CATALOGUE.program(program)
    assert entry is not None
    assert list(requests(read(entry, [Word(word) for word in words], {}))) == expected
