"""What the second sentence must know of a provider's API. `proxy.providers` holds the implementations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from safety_core.canonical import Json
from safety_core.flow.tool_results import ToolResult
from safety_core.meter.prefix import Prefix
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ProposedCall
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor


class Purpose(StrEnum):
    """What a request is made for."""

    TURN = "turn"
    """A conversation goes out, an answer comes back."""
    NUMBERS = "numbers"
    """Embeddings and the like: text goes out, numbers come back. OpenClaw asks for them outside of turns."""
    COUNT = "count"
    """Tokens are counted; nothing is billed."""
    BATCH = "batch"
    """Many turns at once, answered and billed later."""
    LOOK = "look"
    """Something is looked up, or taken back: models, the state of a batch. Nothing is billed that has not been; a
    batch's results say what it consumed (see `Stated`)."""


BILLED: Final = frozenset({Purpose.TURN, Purpose.NUMBERS, Purpose.BATCH})
"""What costs something, now or later: the agent must be able to afford it."""

METERED: Final = frozenset({Purpose.TURN, Purpose.NUMBERS})
"""What is billed with its own response: one that states no usage is estimated."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request is, as its method and path tell.

    Attributes:
        model: named by the path; empty where the body names it, or nothing does.
    """

    purpose: Purpose
    model: str = ""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request body that is ready to leave.

    Attributes:
        body: what is sent.
        hide_usage: the client did not ask for a stream's usage; it was asked for on its behalf, and is taken out
        again.
        results: the tool results that it carries.
        most_output: tokens that all its answers together may have at most, where the request says so.
        plain: the body without the change that metering needs, where there is one: a provider may refuse that.
        prefix: how it begins, None where it has no conversation.
        others: further models that a batch asks, or that may answer in place of the one.
        later: it is answered in the background; what that consumes is not seen here.
    """

    body: bytes
    model: str
    hide_usage: bool = False
    results: tuple[ToolResult, ...] = ()
    most_output: int | None = None
    plain: bytes | None = None
    prefix: Prefix | None = None
    others: tuple[str, ...] = ()
    later: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """What one answer of many has consumed, told later and perhaps more than once: it is booked the first time.

    Attributes:
        id: of the answer, among those that the same path tells of.
    """

    id: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Edited:
    """Bytes of a stream that may go to the client, and what was found in them.

    Attributes:
        parts: the same bytes, frame by frame, for a transport that keeps them apart (messages of a WebSocket).
        stated: the usage of single answers, where the stream is a list of such.
        calls: the tool calls that are complete with these bytes, as the client sees them.
    """

    data: bytes
    discovered: Mapping[SecretName, SecretValue] = field(default_factory=dict)
    parts: tuple[bytes, ...] = ()
    stated: tuple[Stated, ...] = ()
    calls: tuple[ProposedCall, ...] = ()


class StreamEditor(Protocol):
    """Redacts one event stream as it passes."""

    def feed(self, chunk: bytes) -> Edited:
        """Take the next bytes from upstream and return those that may leave now.

        Raises:
            SafetyError: what came cannot be read, and therefore not scanned.
        """

    def end(self) -> Edited:
        """Return what was held back, at the end of the stream."""

    def failed(self, message: str) -> bytes | None:
        """Return what ends this stream where it went wrong, or None: the dialect's `error_event` does."""

    @property
    def findings(self) -> int:
        """How many secrets have been replaced."""

    @property
    def written(self) -> int:
        """How many characters of answer the stream has brought, to estimate from where it states no usage."""

    @property
    def usage(self) -> Usage | None:
        """What the stream has stated so far, or None."""


class Dialect(Protocol):
    """One API: its requests, its streams, its errors."""

    def prepare(self, body: bytes, operation: Operation) -> Prepared:
        """Read what must be known of a request, and make the smallest change that metering needs.

        Raises:
            InputError: it is not a request of this API.
        """

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor | None:
        """Return an editor for one response, or None where a response of this media type is no stream."""

    def usage(self, document: Json) -> Usage | None:
        """Return the usage that a whole response states."""

    def forget(self, body: bytes) -> bytes:
        """Return a redacted response without what would tell again what has been taken out of it."""

    def error(self, status: int, message: str) -> bytes:
        """Return the body of an error, in the API's own shape."""

    def error_headers(self, status: int) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers that go with `error`, besides its type and length."""

    def error_event(self, message: str) -> bytes:
        """Return the frame that ends a stream which went wrong after its start, in the API's own shape."""
