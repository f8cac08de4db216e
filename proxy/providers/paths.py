"""Which requests an API has. What is not listed is refused: nobody has said how it is scanned, or who pays for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from safety_core.flow.dialect import Operation, Purpose

_PARAMETER: Final = re.compile(r"\{(\w+)\}")

_AMBIGUOUS: Final = re.compile(r"\.\.|/\.(?:/|\Z)|[\x00-\x1f\x7f\\?#]|%[0-9a-fA-F]{2}")
"""What, in a decoded path, leads some server elsewhere: dots, what ends a path, and what can be decoded once more."""

SEGMENT: Final = r"[\w.:%@+~-]+"
"""One segment of a path; of several dots in a row none is safe, and none is needed (see `Paths.find`)."""


_VERSION: Final = re.compile(r"/v\d+(?:alpha|beta)?\d*(?=/|\Z)")


def joined(base_url: str, target: str) -> str:
    """Return the address of a request.

    A base URL that ends with a version of its own (".../api/v4") has that in place of the one that `target` begins
    with: clients of OpenAI's API put "/v1" into their paths, whoever they speak to.
    """
    version, path = _VERSION.match(target), urlsplit(base_url).path
    stated = _VERSION.fullmatch(path, max(path.rfind("/"), 0))
    return base_url + (target[version.end() :] if version and stated else target)


class Paths:
    """The listed requests of one API.

    Args:
        listed: method, path and purpose. "{model}" in a path stands for one segment that names the model, any other
            "{name}" for one segment. A literal part may follow it in the same segment ("{model}:generateContent").
    """

    def __init__(self, *listed: tuple[str, str, Purpose]) -> None:
        self._listed = [(method, _pattern(path), purpose) for method, path, purpose in listed]
        self._segments = [path.split("/")[1:] for _, path, _ in listed]

    def find(self, method: str, path: str) -> Operation | None:
        """Return what a request is, or None where it is not listed. `path` as it was sent, percent-encoded."""
        if _AMBIGUOUS.search(unquote(path)):
            return None
        for listed, pattern, purpose in self._listed:
            match = pattern.fullmatch(path) if listed == method else None
            if match:
                return Operation(purpose, unquote(match.groupdict().get("model", "")))
        return None

    def nearness(self, path: str) -> int:
        """Return how many first segments a listed path shares with `path`, which is none itself."""
        asked = path.split("/")[1:]
        return max(_shared(asked, listed) for listed in self._segments)

    def nearly(self, method: str, path: str) -> str:
        """Return what is wrong with the beginning of a path that is not listed, in words; empty if it is not that."""
        for first in dict.fromkeys(listed[0] for listed in self._segments):
            if self.find(method, f"/{first}{path}"):
                return f"put /{first} before it, at the end of the base URL"
        _, first, *rest = [*path.split("/"), ""]
        doubled = rest[:1] == [first] and self.find(method, path.removeprefix(f"/{first}"))
        return f"leave out the /{first} at the end of the base URL, for the SDK adds one" if doubled else ""

    def has(self, path: str) -> bool:
        """Tell whether `path` is listed under some method."""
        return any(pattern.fullmatch(path) for _, pattern, _ in self._listed)


def _shared(asked: Sequence[str], listed: Sequence[str]) -> int:
    pairs = zip(asked, listed, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(asked), len(listed)))


def _pattern(path: str) -> re.Pattern[str]:
    parts = _PARAMETER.split(path)
    literal = (re.escape(part) for part in parts[::2])
    named = [f"(?P<{name}>{SEGMENT}?)" for name in parts[1::2]]
    return re.compile("".join(part for pair in zip(literal, [*named, ""], strict=True) for part in pair))
