"""What every parser of a stream owes: the same frames however the bytes are cut, and every byte in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random
from typing import Protocol, TypeVar

from safety_core.errors import SafetyError


class _Frame(Protocol):
    @property
    def raw(self) -> bytes: ...


F_co = TypeVar("F_co", bound=_Frame, covariant=True)
F = TypeVar("F", bound=_Frame)


class _Parser(Protocol[F_co]):
    def feed(self, chunk: bytes, /) -> Iterable[F_co]: ...

    def end(self) -> Iterable[F_co] | None: ...


def same_frames(make: Callable[[], _Parser[F]], raw: bytes) -> list[F]:
    """Return the frames. A stream that is refused is refused however it is cut, behind the same frames.

    Raises:
        AssertionError: they depend on the cuts, or bytes were lost or made up.
    """
    whole, refused = _read(make(), [raw])
    for chunks in (
        _cut(raw, Random(len(raw) ^ raw[0] if raw else 0)),
        [bytes([byte]) for byte in raw[:512]] + [raw[512:]],
    ):
        frames, also = _read(make(), chunks)
        assert [frame.raw for frame in frames] == [frame.raw for frame in whole], "the frames depend on the cuts"
        assert (also is None) == (refused is None), f"refused or not by the cuts alone: {refused or also}"
    if refused is not None:
        raise refused
    assert b"".join(frame.raw for frame in whole) == raw, "bytes were lost or made up"
    return whole


def _read(parser: _Parser[F], chunks: Iterable[bytes]) -> tuple[list[F], SafetyError | None]:
    frames: list[F] = []
    try:
        for chunk in chunks:
            frames.extend(parser.feed(chunk))
        frames.extend(parser.end() or ())
    except SafetyError as error:
        return frames, error
    return frames, None


def _cut(raw: bytes, random: Random) -> list[bytes]:
    places = sorted({0, len(raw), *(random.randrange(len(raw) + 1) for _ in range(3))})
    return [raw[start:end] for start, end in pairwise(places)]
