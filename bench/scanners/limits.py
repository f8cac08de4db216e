"""What this machine can do with the same bytes: no scanner can be faster than the work it contains."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import hyperscan
import orjson

from safety_core.edge.shipped import shipped_bundle
from safety_core.match.patterns import PatternSet

ABSENT: Final = b"\x00"
LARGE: Final = 512 * 1024 * 1024
"""Bytes: several times the largest cache of a server's processor."""
_compare = ctypes.CDLL(None).memcmp
_compare.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]


class Limit:
    """One kind of plain work, as a scanner that finds nothing."""

    def __init__(self, secrets: dict[str, str]) -> None:
        pass

    def facts(self) -> dict[str, Any]:
        return {}

    def prepare(self, raw: str) -> Any:
        return raw.encode()

    def cleaned(self, message: Any) -> str:
        return ""


class Read(Limit):
    """Both copies of the bytes are read to the end: they are equal."""

    def prepare(self, raw: str) -> tuple[bytes, bytes, int]:
        first = raw.encode()
        return first, bytes(bytearray(first)), len(first)

    def scan(self, message: tuple[bytes, bytes, int]) -> None:
        _compare(*message)


class Memory(Limit):
    """memchr again, over more than any cache holds: how fast this machine's memory can be read by one core."""

    def prepare(self, raw: str) -> bytes:
        return b"x" * LARGE

    def scan(self, message: bytes) -> None:
        message.find(ABSENT)


class Find(Limit):
    """memchr: the search for one byte that is not there."""

    def scan(self, message: bytes) -> None:
        message.find(ABSENT)


class Parse(Limit):
    def facts(self) -> dict[str, Any]:
        return {"version": version("orjson")}

    def scan(self, message: bytes) -> None:
        orjson.loads(message)


class Patterns(Limit):
    """Hyperscan alone with the expressions that our patterns compile to, no confirmation of what it finds."""

    def __init__(self, secrets: dict[str, str]) -> None:
        patterns = shipped_bundle().policy.patterns
        started = time.process_time()
        dumped = PatternSet(patterns).dump()
        compiled = time.process_time()
        PatternSet(patterns, dumped)
        self.seconds = {"compile": compiled - started, "take up": time.process_time() - compiled}
        self.database: Any = hyperscan.loadb(dumped, hyperscan.HS_MODE_BLOCK)
        self.scratch = hyperscan.Scratch(self.database)

    def facts(self) -> dict[str, Any]:
        return {"version": version("hyperscan"), **self.seconds}

    def scan(self, message: bytes) -> None:
        self.database.scan(message, match_event_handler=_ignore, scratch=self.scratch)


def _ignore(*_: object) -> None:
    return None


LIMITS: Final[dict[str, Callable[[dict[str, str]], Limit]]] = {
    "memory": Memory,
    "read": Read,
    "find": Find,
    "hyperscan": Patterns,
    "orjson": Parse,
}


class Scanner:
    """All limits in one process; a message is named by limit and text: `read 64k`."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.limits = {name: make(secrets) for name, make in LIMITS.items()}

    def facts(self) -> dict[str, Any]:
        return {name: limit.facts() for name, limit in self.limits.items()}

    def prepare(self, raw: str) -> tuple[Callable[[Any], None], Any]:
        name, _, text = raw.partition(" ")
        limit: Any = self.limits[name]
        return limit.scan, limit.prepare(text)

    def scan(self, message: tuple[Callable[[Any], None], Any]) -> None:
        work, prepared = message
        work(prepared)

    def cleaned(self, message: Any) -> str:
        return ""
