"""Escapes, tags and invisible characters undone, in Python; escape.c and unescape.c are the same in C.

`\\u0041`, `\\u{41}`, `\\U00000041`, `\\000041`, `\\x41`, `\\101`, `\\n`, `%41`, `%u0041`, `&#65;`, `&amp;`, `=41`,
`U+0041`, `0x41`, `chr(65)`, tags and comments, invisible characters, a terminal's colours, and what stands between two
lines of a hexadecimal dump; a backspace, with what it erases.

What a backspace reaches into waits for the next pass, and so does a tag with an escape in it: the tag would take what
the escape hides with it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from re import Match
from typing import Final

from safety_core._native.fold import OTHER, fold
from safety_core._native.gates import Gates
from safety_core._native.neighbourhood import Edit, neighbourhoods

_ENTITIES: Final = dict(
    zip(
        b"Hat NewLine Tab amp apos ast bsol colon comma commat dollar equals excl grave gt lbrace lbrack lcub lowbar "
        b"lpar lsqb lt midast nbsp num percnt period plus quest quot rbrace rbrack rcub rpar rsqb semi sol verbar "
        b"vert".split(),
        map(bytes, zip(b"^\n\t&'*\\:,@$=!`>{[{_([<* #%.+?\"}]})];/||")),
        strict=True,
    )
)
"""Names of characters that stand in secrets (HTML, section "named character references")."""

_ESCAPE: Final = re.compile(
    rb"""
    (?: [\\%&=<U0\x00\x1b] (?:
      (?<=\\)\\*u(?P<u>[0-9a-fA-F]{4})
    | (?<=\\)\\*u\{(?P<b>[0-9a-fA-F]{1,6})\}
    | (?<=\\)\\*(?P<xs>x[89a-fA-F][0-9a-fA-F](?:\\+x[89a-fA-F][0-9a-fA-F])*)
    | (?<=\\)\\*x(?P<x>[0-7][0-9a-fA-F])
    | (?<=\\)\\*U(?P<l>[0-9a-fA-F]{8})
    | (?<=\\)\\*(?P<s>00[0-9a-fA-F]{4})
    | (?<=\\)\\*(?P<o>[01][0-7]{2})
    | (?<=\\)\\*(?P<c>[abefnrtv0"'/\\])
    | (?<=%)u(?P<pu>[0-9a-fA-F]{4})
    | (?<=%)(?:25)*(?P<ps>[89a-fA-F][0-9a-fA-F](?:%(?:25)*[89a-fA-F][0-9a-fA-F])*)
    | (?<=%)(?:25)*(?P<p>[0-7][0-9a-fA-F])
    | (?<=&)\#(?P<d>[0-9]{1,7});
    | (?<=&)\#[xX](?P<h>[0-9a-fA-F]{1,6});
    | (?<=&)(?P<e>ENTITIES);
    | (?<==)(?P<qs>[89A-F][0-9A-F](?:=[89A-F][0-9A-F])+)
    | (?:(?<==)(?=[0-7][0-9A-F]=[0-9A-F]{2})|(?<==[0-9A-F]{2}=))(?P<q>[0-7][0-9A-F])
    | (?<=U)\+(?P<n>[0-9A-Fa-f]{4,6})(?![0-9A-Za-z_])[ ,]?
    | (?<![0-9A-Za-z_]0)(?<=0)x(?P<z>[2-7][0-9a-fA-F])(?![0-9A-Za-z_])[,;\s]{0,3}
    | (?<=<)(?:!--[^\xff]{0,400}?-->|/?[A-Za-z][^<>\xff]{0,80}>)
    | (?<=\x00)
    | (?<=\x1b)\[[0-?]{0,20}[@-~]
    ) | [cC][hH](?:[aA]?[rR]|[rR][wW])\((?P<k>[0-9]{1,7})\) )
    """.replace(b"ENTITIES", b"|".join(_ENTITIES)),
    re.VERBOSE,
)
_GATES: Final = Gates(
    {
        rb"\\[uUx01abefnrtv\"'/\\]": 2,
        rb"%[0-9a-fA-F]{2}": 3,
        rb"%u[0-9a-fA-F]": 3,
        rb"[cC][hH][rR]\([0-9]": 5,
        rb"[cC][hH](?:[aA][rR]|[rR][wW])\([0-9]": 6,
        rb"\x1b\[": 2,
        rb"\n000[0-9a-fA-F]{4}": 8,
        rb"&[#A-Za-z]": 2,
        rb"=[0-9A-F]{2}": 3,
        rb"U\+[0-9a-fA-F]{4}": 6,
        rb"0x[2-7][0-9a-fA-F]": 4,
        rb"<[!/A-Za-z]": 2,
        rb"\x00": 1,
        rb"[^\x08\xff]\x08": 2,
    }
)
"""Every match of `_ESCAPE` begins where one of these does, and the end of a line of a dump is one."""

_LINE_END: Final = 0x0A
_TAG: Final = 0x3C
_COLUMN: Final = 20
_ADDRESS: Final = re.compile(rb"\n000[0-9a-fA-F]{4,5}:? {1,2}")

_ERASED: Final = re.compile(rb"[^\x08\xff]\x08")
_SHORT: Final = 16
"""Characters of an escape, other than a tag, that waits until a backspace in it is undone."""

_CONTROL: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b'"': b'"', b"'": b"'", b"/": b"/", b"\\": b"\\"}
_BYTES: Final = re.compile(rb"%(?:25)*|\\*x|=")


def unescaped(flat: bytes) -> tuple[bytes, bytes] | None:
    """Return (bytes, trail), or None where nothing is escaped.

    `trail` tells where bytes come from that were not copied: unsigned 32-bit numbers in the machine's order, four for
    each: start and end in the outcome, start and end in `flat`.
    """
    edits = [*_escapes(flat)]
    return neighbourhoods(flat, edits) if edits else None


def _escapes(flat: bytes) -> Iterator[Edit]:
    """Yield what is undone: leftmost first, apart from each other."""
    done = 0
    starts = _GATES.starts(flat)
    for index, start in enumerate(starts):
        if start < done:
            continue
        edit = _escape(flat, start, done)
        if edit and _waits(flat, edit, starts, index + 1):
            edit = None
        found = None if edit else _ERASED.match(flat, start)
        if found:
            edit = (*found.span(), b"")
        if edit:
            done = edit[1]
            yield edit


def _escape(flat: bytes, start: int, done: int) -> Edit | None:
    if flat[start] == _LINE_END:
        found = _ADDRESS.match(flat, start)
        return found and (_column(flat, start, done), found.end(), b"")
    found = _ESCAPE.match(flat, start)
    return found and (*found.span(), _undo(found))


def _waits(flat: bytes, edit: Edit, starts: Sequence[int], following: int) -> bool:
    """Tell whether a backspace reaches into what would go, or it is a tag in which an escape begins, at one of the
    `following` starts."""
    start, end, _ = edit
    is_tag = flat[start] == _TAG
    if (is_tag or end - start <= _SHORT) and b"\x08" in flat[start : end + 1]:
        return True
    inside = starts[following : bisect_left(starts, end, following)] if is_tag else ()
    return any(flat[place] != _TAG and _escape(flat, place, place) for place in inside)


def _column(flat: bytes, end: int, done: int) -> int:
    """Return where the last column of a dump's line begins, with the two spaces before it, or else where the line
    ends."""
    least = max(done, end - _COLUMN)
    least = max(least, flat.rfind(b"\n", least, end) + 1)
    start = flat.find(b"  ", least, end + 1)
    return end if start < 0 else start


def _undo(found: Match[bytes]) -> bytes:
    kind, text = found.lastgroup, found.group(found.lastgroup or 0)
    match kind:
        case None:
            return b""
        case "u" | "b" | "l" | "s" | "x" | "p" | "pu" | "q" | "n" | "z" | "h":
            return _character(int(text, 16))
        case "o":
            return _character(int(text, 8))
        case "d" | "k":
            return _character(int(text))
        case "c":
            return _CONTROL.get(text, b"")
        case "e":
            return _ENTITIES[text]
        case _:
            return _characters(bytes.fromhex(_BYTES.sub(b"", text).decode("ascii")))


def _character(code: int) -> bytes:
    return bytes((fold(code),)) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else b""


def _characters(raw: bytes) -> bytes:
    try:
        return b"".join(_character(ord(mark)) for mark in raw.decode("utf-8"))
    except UnicodeDecodeError:
        return bytes((OTHER,))
