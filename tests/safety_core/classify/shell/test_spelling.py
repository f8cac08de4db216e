"""Honest and dishonest ways to write the name of a program."""

from __future__ import annotations

import pytest

from safety_core.classify.shell.grammar import Grammar
from safety_core.classify.shell.spelling import CODED, PIECED, PLAIN, spelling


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ls", PLAIN),
        ('"ls"', PLAIN),
        ("'ls'", PLAIN),
        (r"\ls", PLAIN),
        (r"my\ tool", PLAIN),
        ('"my tool".sh', PLAIN),
        ('"$HOME"/bin/tool', PLAIN),
        ("$HOME/bin/tool", PLAIN),
        ('"$HOME/"', PLAIN),
        ("$tool", PLAIN),
        ("${CC:-gcc}", PLAIN),
        ("$'it\\'s'", PLAIN),
        ("<(ls)", PLAIN),
        ("$((1+2))", PLAIN),
        ("w''hoami", PIECED),
        ('who""ami', PIECED),
        (r"r\m", PIECED),
        ('"r"m', PIECED),
        ("/bin/'r'm", PIECED),
        ("who$(echo am)i", PIECED),
        ("$(echo rm)", PIECED),
        ("`echo rm`", PIECED),
        ("$a$b", PIECED),
        ("r$x", PIECED),
        ("${x#a}", PIECED),
        ("${x,,}", PIECED),
        ("{rm,-rf}", PIECED),
        ("{a..c}", PIECED),
        (r"$'\x72\x6d'", CODED),
        (r"$'\162m'", CODED),
        (r"r$'\u006d'", CODED),
        (r"$'\U0000006d'", CODED),
        (r"$'\x2fbin'", CODED),
        (r"$'a\x00b'", PLAIN),
        (r"$'\n'", PLAIN),
    ],
)
def test_spelling(word: str, expected: str) -> None:
    assert spelling(Grammar(word).word()) == expected
