"""Text from agents, made safe to look at: what cannot be seen, or reorders what can, is written out.

A character that draws nothing, joins its neighbours or turns the direction of reading lets a text look like another one
("Trojan Source", CVE-2021-42574). Each is shown as its code point, so that two texts that look alike are alike.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Categories of the Unicode character database whose characters draw nothing of their own."""

_PLAIN: Final = frozenset("\n\t")

_ALSO: Final = frozenset(
    [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]
)
"""Others that draw nothing: fillers, variation selectors, the empty Braille cell."""


def hidden(mark: str) -> bool:
    """Tell whether this character has to be written out to be seen."""
    if mark in _PLAIN or mark.isascii():
        return mark not in _PLAIN and not mark.isprintable()
    kind = unicodedata.category(mark)
    return kind in _HIDDEN or (kind == "Zs") or ord(mark) in _ALSO


def visible(value: object) -> Markup:
    """Return `value` as HTML, every hidden character as its code point. HTML that we made ourselves stays as it is."""
    if isinstance(value, Markup):
        return value
    text = str(value)
    if text.isascii() and text.isprintable():
        return escape(text)
    return Markup("").join(
        Markup("").join(map(_shown, run)) if odd else escape("".join(run)) for odd, run in groupby(text, hidden)
    )


def visible_text(value: object) -> str:
    """Return `value` as plain text, every hidden character as its code point."""
    return "".join(f"<U+{ord(mark):04X}>" if hidden(mark) else mark for mark in str(value))


def _shown(mark: str) -> Markup:
    name = unicodedata.name(mark, "control character").lower()
    return Markup('<span class="hidden-mark" title="{}">U+{:04X}</span>').format(name, ord(mark))
