"""Code point -> the byte that stands for it in flat text.

What merely looks different becomes the same byte: full-width and mathematical letters, accents, Cyrillic and
Greek look-alikes, tag characters. ASCII stands for itself.
"""

from __future__ import annotations

import unicodedata
from typing import Final

INVISIBLE: Final = 0x00
"""A format character: it is not shown and separates nothing."""

OTHER: Final = 0x01
"""A symbol, or anything else that is no letter or digit."""

MARK: Final = 0x02
"""A combining mark. Apart from `INVISIBLE`, since many scripts are full of them."""

BOUNDARY: Final = 0xFF
"""No character comes to this byte: it stands for a placeholder or a gap, and nothing matches across it."""

_LOOKALIKES: Final = dict(
    zip(
        map(
            ord,
            "АВЕКМНОРСТУХЅІЈԚԜҮЗаеорсухѕіјԁԛԝһӏ"  # Cyrillic
            "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοανρυτικϲϳ"  # Greek
            "ՕՍՏՈօոսհ"  # Armenian
            "ᎠᎡᎢᎥᎩᎪᎫᎬᎳᎷᎻᎽᏀᏂᏃᏎᏏᏒᏔᏕᏙᏚᏞᏟᏢᏦᏴ"  # Cherokee
            "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢǫ"  # small capitals
            "ɑɡıȷ",
        ),
        map(
            ord,
            "ABEKMHOPCTYXSIJQWY3aeopcyxsijdqwhl"
            "ABEZHIKMNOPTYXoavputikcj"
            "OUSnonuh"
            "DRTiyAJEWMHYGhZ4bRWSVSLCPKB"
            "ABCDEFGHIJKLMNOPQRSTUVWYZQ"
            "agij",
        ),
        strict=True,
    )
)
"""Letters that look like another one (Unicode Technical Standard 39, confusables): those of scripts that have many."""

_ENCLOSED: Final = tuple((start, start + 25) for start in (0x249C, 0x1F150, 0x1F170, 0x1F1E6))
"""Letters in brackets, in black circles and squares, and those that flags are made of: A to Z each."""

_BLANK: Final = frozenset({0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0})
"""Letters and symbols that show nothing."""

_BYTES: Final = range(0xE0110, 0xE016F)
"""Variation selectors 33 to 127, which some use to hide bytes behind a character: selector 17 is byte 16."""


def fold(code: int) -> int:
    """Return the byte for a code point: letters and digits that are no ASCII come to 0x80 to 0xFE."""
    if code < 0x80:
        return code
    if code in _BYTES:
        return code - 0xE0100 + 16
    if 0xE0020 <= code <= 0xE0FFF:
        return INVISIBLE if 0xE0100 <= code <= 0xE01EF else fold(code - 0xE0000)
    if code in _BLANK:
        return INVISIBLE
    for first, last in _ENCLOSED:
        if first <= code <= last:
            return ord("a") + code - first
    if code in _LOOKALIKES:
        return _LOOKALIKES[code]
    base = ord(unicodedata.normalize("NFKD", chr(code))[0])
    if base < 0x80:
        return base
    if base in _LOOKALIKES:
        return _LOOKALIKES[base]
    return _by_category(base, unicodedata.category(chr(base)))


def _by_category(code: int, category: str) -> int:
    if category[0] in "LN":
        return 0x80 + code % 0x7F
    if category == "Cf":
        return INVISIBLE
    return MARK if category[0] == "M" else OTHER


def fold_page(page: int) -> bytes:
    """Return the bytes for code points 256 * page to 256 * page + 255."""
    return bytes(map(fold, range(page << 8, (page + 1) << 8)))
