"""Words that speak to a model: in what a web page or a tool gives back, and in what a tool says of itself.

Two lists, for two prices of a mistake. `spoken` is for content, withheld without anybody looking: it names only
what ordinary pages do not say, whatever words about rules, errors and commands they use. `suspicions` is for
definitions, which a person looks at: it names more. That nothing is named proves nothing: words can be put otherwise.

Texts are read as a model reads them: characters that draw nothing are left out, letters of other shapes are the plain
ones (NFKC), entities of HTML and encoded runs are what they come to.
"""

from __future__ import annotations

import html
import json
import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from safety_core.match.decode import opened
from safety_core.match.layer import Layer, flatten
from safety_core.match.order_words import ADDRESSED, ANCHORS, CONTENT, HIDDEN_FROM, HIDES
from safety_core.model.secret import texts_in

_FILLERS: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)})
"""Characters that draw nothing, though their category says that they do."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SPACES: Final = re.compile(r"[ \t\r\x0b\x0c\x1c-\x1f](?:(?<! )|[ \t\r\x0b\x0c\x1c-\x1f])[ \t\r\x0b\x0c\x1c-\x1f]*")
"""White space that is not one space, but for the ends of lines."""

_AROUND: Final = 400
"""Characters before and behind an anchor: the longest that a pattern spans."""

_WINDOW: Final = 8192
"""Characters of a window at the most: what stands farther apart has nothing to do with each other."""

_FAR: Final = sys.maxsize


def spoken(text: str) -> tuple[str, ...]:
    """Return why content is taken to speak to a model, each reason once; nothing for what does not.

    Raises:
        UnscannableError: it holds packed data that comes to too much.
    """
    known: dict[str, None] = {}
    for each in _readings(text):
        _look(each, known)
    return (*known,)


def suspicions(text: str) -> tuple[str, ...]:
    """Return what is suspicious in what a tool says of itself, each once."""
    from safety_core.match.definition_words import DEFINITION, ENCODED  # late: where definitions are looked at

    marks = sorted(ord(mark) for mark in set(text) if hidden(mark))
    found = []
    if marks:
        found.append("holds characters that people do not see: " + ", ".join(f"U+{code:04X}" for code in marks[:5]))
    plain = " ".join(_plain(text).split())
    for why, _, _ in DEFINITION.found(_low(plain), found):
        found.append(why)
    if ENCODED.search(plain):
        found.append("holds a long run of encoded text")
    return tuple(dict.fromkeys((*found, *spoken(text))))


def hidden(mark: str) -> bool:
    """Tell whether people do not see a character."""
    return (not mark.isprintable() and mark not in "\n\t\r") or ord(mark) in _FILLERS


def _look(text: str, known: dict[str, None]) -> None:
    """Add to what is known of a text what this reading of it says."""
    low = _low(text)
    windows: dict[str, list[tuple[int, int]]] = {}
    hiding: set[tuple[int, int]] = set()
    for why, start, end in CONTENT.found(low, known):
        near = HIDES if why == HIDDEN_FROM else why
        if near not in windows:
            windows[near] = [*_windows(low, ANCHORS[near])]
        held = _holding(windows[near], start, end)
        if why == HIDDEN_FROM:
            hiding.update(held)
        elif held:
            known[why] = None
    if HIDES not in known and any(_is_addressed(low, *window) for window in sorted(hiding)):
        known[HIDES] = None


def _is_addressed(low: str, start: int, end: int) -> bool:
    """Tell whether a part of a text is for a model."""
    return any(stop <= end for _, _, stop in ADDRESSED.found(low, (), start, end))


def _low(text: str) -> str:
    """Return a text in lower case, as long as it is: I with a dot would become two characters."""
    return text.replace("\u0130", "i").replace("\u0131", "i").lower()


def _holding(windows: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Return the windows in which something lies; they are in order, and two at most overlap."""
    index = bisect_right(windows, (start, _FAR))
    return [window for window in windows[max(index - 2, 0) : index] if window[1] >= end]


def _windows(text: str, anchors: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield where something could be found, each part short, and none cut where something could stand."""
    start = end = -1
    for place in sorted(place for anchor in anchors for place in _places(text, anchor)):
        least, most = max(place - _AROUND, 0), place + _AROUND
        if start < 0 or least > end or most - start > _WINDOW:
            if start >= 0:
                yield start, end
            start = least
        end = most
    if start >= 0:
        yield start, end


def _places(text: str, anchor: str) -> Iterator[int]:
    place = text.find(anchor)
    while place >= 0:
        yield place
        place = text.find(anchor, place + _AROUND // 4)


def _readings(text: str) -> Iterator[str]:
    """Yield a text as a model reads it, and what its encoded runs come to."""
    plain = _plain(text)
    yield plain
    if "&" in plain and (undone := html.unescape(plain)) != plain:
        yield _plain(undone)
    if strings := _strings(plain):
        yield _plain(strings)
    inner = opened(Layer(flatten(plain)))
    if inner is not None:
        yield inner.flat.decode("latin-1")


def _strings(text: str) -> str:
    """Return the strings of a JSON text, a line each; nothing where it is none."""
    if text.lstrip()[:1] not in {"{", "["}:
        return ""
    try:
        return "\n".join(texts_in(json.loads(text)))
    except (ValueError, RecursionError):
        return ""


def _plain(text: str) -> str:
    """Return a text without marks that nobody sees, in plain letters, with one space where there are several."""
    if text.isascii():
        return _SPACES.sub(" ", _CONTROL.sub("", text))
    unseen = {ord(mark): " " if mark.isspace() else None for mark in set(text) if hidden(mark)}
    shown = text.translate(unseen) if unseen else text
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", shown))
