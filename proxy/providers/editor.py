"""An event stream, redacted as it passes, in whatever frames its events come.

Texts that continue from event to event (answers, arguments of tool calls) go through one `StreamRedactor` each, so
that a secret is found however the provider cuts it; what else an event holds is scanned event by event. Frames in
which nothing changes pass byte for byte. What a text still holds back when it ends is sent before the event that
ends it. The tool calls that the events propose are collected as they leave.

A frame that cannot be read ends the stream: it could not be scanned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from proxy.providers.framing import Frame, Framing, compact
from proxy.providers.proposals import Proposals
from proxy.providers.shape import Key, Shape, Slot
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, LimitError, UnscannableError
from safety_core.flow.dialect import Edited
from safety_core.meter.tally import Tally
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor
from safety_core.redact.stream import StreamRedactor
from safety_core.wire.reader import parse_json

TEXTS: Final = 1024
"""Texts that one stream may have open at once: choices times tool calls, with room to spare."""

_CLEAN: Final = 64
"""How many distinct frames without their pieces are remembered as clean; most streams have two or three."""

DONE: Final = "[DONE]"


class EventEditor:
    """Implements `safety_core.flow.dialect.StreamEditor` for APIs whose events are JSON objects.

    Args:
        shape: what the events are.
        framing: what they come in.
        hide_usage: leave out events that are there for their usage alone.
    """

    def __init__(self, redactor: Redactor, shape: Shape, framing: Framing, *, hide_usage: bool = False) -> None:
        self._redactor = redactor
        self._shape = shape
        self._framing = framing
        self._hide_usage = hide_usage
        self._tally = Tally()
        self._proposals = Proposals()
        self._concerned = False
        self._texts: dict[Key, StreamRedactor] = {}
        self._touched: set[Key] = set()
        self._clean: set[str] = set()
        self._silent: set[str] = set()
        self._last: JsonObject = {}
        self._discovered: dict[SecretName, SecretValue] = {}
        self._handed: set[SecretName] = set()
        self._found = 0
        self.written = 0

    @property
    def findings(self) -> int:
        """How many secrets have been replaced."""
        return self._found + sum(len(text.findings) for text in self._texts.values())

    @property
    def usage(self) -> Usage | None:
        """What the stream has stated so far, or None."""
        return self._tally.usage()

    def feed(self, chunk: bytes) -> Edited:
        """Take the next bytes and return those that may leave now.

        Raises:
            SafetyError: a frame is too large, or is not an event of this API.
        """
        return self._taken([part for frame in self._framing.feed(chunk) for part in self._frame(frame)])

    def end(self) -> Edited:
        """Return what was held back. A frame that was cut off is dropped."""
        parts: list[bytes] = []
        for frame in self._framing.end():
            try:
                parts += self._frame(frame)
            except InputError:
                break
        tails = [*self._tails([()])]
        self._proposals.end()
        if parts and tails:
            parts[-1] += self._framing.missing  # what the last frame lacks to be one
        return self._taken([*parts, *tails])

    def failed(self, message: str) -> bytes | None:
        """Return None: the error event of the dialect is a frame like any other."""
        return None

    def _taken(self, parts: Sequence[bytes]) -> Edited:
        for text in self._texts.values():
            self._discovered |= text.discovered
        discovered = {name: value for name, value in self._discovered.items() if name not in self._handed}
        self._handed |= discovered.keys()
        return Edited(b"".join(parts), discovered, tuple(parts), calls=self._proposals.take())

    def _frame(self, frame: Frame) -> Iterator[bytes]:
        if rest := frame.rest.strip():
            self._check_rest(rest)
        if frame.data is None or not frame.data.strip():
            yield frame.raw
        elif frame.data.strip() == DONE:
            yield from self._tails([()])
            self._proposals.end()
            yield frame.raw
        else:
            yield from self._event(frame, frame.data)

    def _event(self, frame: Frame, data: str) -> Iterator[bytes]:
        event = parse_json(data, "event")
        if not isinstance(event, dict):
            raise UnscannableError("event", "is not an object")
        closing = self._shape.closing(event)
        slots = self._shape.slots(event)
        pieces = [slot.text() for slot in slots]
        for slot in slots:
            slot.owner[slot.name] = ""
        skeleton = self._scanned(event, len(pieces))
        self._last = skeleton
        if skeleton is not event:
            slots = self._shape.slots(skeleton)
        changed = self._refill(skeleton, slots, pieces, closing) or skeleton is not event
        tails = [*self._tails(closing)]
        changed = self._forget(skeleton, closing) or changed
        if self._concerned:
            self._proposals.add(skeleton)
        yield from tails
        if not (self._hide_usage and self._shape.is_usage(event)):
            yield frame.with_data(compact(skeleton)).raw if changed else frame.raw

    def _scanned(self, skeleton: JsonObject, pieces: int) -> JsonObject:
        """Return an event without its `pieces` as it may leave: the same object if it holds no secret."""
        text = compact(skeleton)
        self._concerned = self._proposals.concern(text)
        if text not in self._silent and not self._tally.add(skeleton):  # the pieces say nothing of usage
            if len(self._silent) >= _CLEAN:
                self._silent.clear()
            self._silent.add(text)
        if text in self._clean:
            return skeleton
        clean = self._redactor.value(skeleton)
        if not clean.findings:
            if len(self._clean) >= _CLEAN:
                self._clean.clear()
            self._clean.add(text)
            return skeleton
        self._found += len(clean.findings)
        self._discovered |= clean.discovered
        if not isinstance(clean.value, dict) or len(self._shape.slots(clean.value)) != pieces:
            raise UnscannableError("event", "does not keep its shape without its secrets")
        return clean.value

    def _refill(self, event: JsonObject, slots: Sequence[Slot], pieces: Sequence[str], closing: Sequence[Key]) -> bool:
        """Put the pieces back as they may leave; tell whether any of them has changed."""
        changed: list[Key] = []
        last = {slot.key: number for number, slot in enumerate(slots)}
        for number, (slot, piece) in enumerate(zip(slots, pieces, strict=True)):
            self.written += len(piece)
            text = self._text(slot.key)
            passed = text.feed(piece)
            if text.findings:
                self._touched.add(slot.key)
            if last[slot.key] == number and _within(slot.key, closing):  # an event may bring a text in two pieces
                passed += self._closed(slot.key)
            slot.owner[slot.name] = passed
            if passed != piece:
                changed.append(slot.key)
        if changed:
            self._shape.changed(event, changed)
        return bool(changed)

    def _forget(self, event: JsonObject, closing: Sequence[Key]) -> bool:
        """Let an event that ends a text tell nothing of the secrets that it held; tell whether it held any."""
        ended = [key for key in self._touched if _within(key, closing)]
        if ended:
            self._shape.changed(event, ended)
            self._touched.difference_update(ended)
        return bool(ended)

    def _text(self, key: Key) -> StreamRedactor:
        if key not in self._texts:
            if len(self._texts) >= TEXTS:
                raise LimitError("event stream", f"has more than {TEXTS} texts at once")
            self._texts[key] = StreamRedactor(self._redactor)
        return self._texts[key]

    def _closed(self, key: Key) -> str:
        text = self._texts.pop(key)
        tail = text.end()
        if text.findings:
            self._touched.add(key)
        self._found += len(text.findings)
        self._discovered |= text.discovered
        return tail

    def _tails(self, closing: Sequence[Key]) -> Iterator[bytes]:
        for key in [key for key in self._texts if _within(key, closing)]:
            if tail := self._closed(key):
                last = self._shape.tail(key, tail, self._last)
                self._proposals.add(last)
                yield self._framing.written(last)

    def _check_rest(self, rest: bytes) -> None:
        """Comments, names and ids have no place for a reference: a secret in them ends the stream."""
        text = rest.decode("utf-8", "replace")
        if text not in self._clean:
            if self._redactor.text(text).findings:
                raise UnscannableError("event stream", "holds a secret outside its data")
            self._clean.add(text)


def _within(key: Key, beginnings: Sequence[Key]) -> bool:
    return any(key[: len(beginning)] == beginning for beginning in beginnings)
