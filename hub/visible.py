"""Text from agents, made safe to look at: what cannot be seen, or reorders what can, is written out.

A character that draws nothing, joins its neighbours or turns the direction of reading lets a text look like another one
("Trojan Source", CVE-2021-42574). Each is shown as its code point, so that two texts that look alike are alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from markupsafe import Markup, escape

_ALSO: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)
"""Characters that draw nothing whatever their category says: fillers, variation selectors, the empty Braille cell."""

_KEPT: Final = 5000
"""Characters that are remembered: more than a language has in use, and little memory whatever is sent."""

_OPEN: Final = '<span class="hidden-mark">'
_SHUT: Final = "</span>"
_AGAIN: Final = re.compile(rf"({_OPEN}U\+[0-9A-F]+)(?:{_SHUT}\1(?={_SHUT}))+")


def hidden(mark: str) -> bool:
    """Tell whether this character has to be written out to be seen.

    So are controls, formats, unassigned ones, and separators other than an ordinary space, a tab or a new line.
    """
    return (not mark.isprintable() and mark not in "\n\t") or ord(mark) in _ALSO


class _Shown(dict[int, int | str]):
    """By code point, what is shown in its place: a table for `str.translate` that fills itself."""

    def __init__(self, written: Callable[[int], str]) -> None:
        super().__init__()
        self._written = written

    def __missing__(self, code: int) -> int | str:
        shown = self._written(code) if hidden(chr(code)) else code
        if len(self) < _KEPT:
            self[code] = shown
        return shown


_HTML: Final = _Shown(lambda code: f"{_OPEN}U+{code:04X}{_SHUT}")
_TEXT: Final = _Shown(lambda code: f"<U+{code:04X}>")


def visible(value: object) -> Markup:
    """Return `value` as HTML, every hidden character as its code point. HTML that we made ourselves stays as it is.

    One that comes many times on end is counted, so that a text stays readable, and its page small.
    """
    if isinstance(value, Markup):
        return value
    text = str(escape(str(value)))
    if not (text.isascii() and text.isprintable()):
        text = _AGAIN.sub(_counted, text.translate(_HTML))
    return Markup(text)  # noqa: S704 - escaped above; what was put in is ours


def visible_text(value: object) -> str:
    """Return `value` as plain text, every hidden character as its code point."""
    return str(value).translate(_TEXT)


def _counted(found: re.Match[str]) -> str:
    one = len(found[1])
    return f"{found[1]} ×{1 + (len(found[0]) - one) // (len(_SHUT) + one)}"
