"""What most APIs have in common: JSON bodies, a bearer token, server-sent events, and usage that responses state."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from proxy.providers.editor import EventEditor
from proxy.providers.framing import EVENT_STREAM, Framing, Sse
from proxy.providers.paths import Paths
from proxy.providers.request import read_request
from proxy.providers.shape import Shape
from proxy.providers.splice import emptied
from safety_core.canonical import Json
from safety_core.flow.dialect import Operation, Prepared, StreamEditor
from safety_core.flow.egress_effects import Headers, UpstreamRequest
from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor

LOGPROBS = frozenset({"logprobs"})
"""The member that spells a text out token by token, in OpenAI's and most other APIs."""


class JsonApi:
    """Implements what most dialects share of `proxy.providers.dialects.Api`; errors are each API's own.

    Attributes:
        base_url: the known host, empty where there is none. What follows a provider's name in a client's path is
            appended to it.
        shape: makes what one response's editor must know of its events.
        media_type, framing: what a stream comes as.
        retold: members of a whole response that tell its text again.
    """

    base_url: ClassVar[str] = ""
    paths: ClassVar[Paths]
    shape: ClassVar[Callable[[], Shape]]
    media_type: ClassVar[str] = EVENT_STREAM
    framing: ClassVar[Callable[[], Framing]] = Sse
    retold: ClassVar[frozenset[str]] = LOGPROBS

    def authorized(self, request: UpstreamRequest, url: str, key: str, now: float) -> Headers:
        """Return the headers with the key as a bearer token (RFC 6750), if there is one."""
        return (*request.headers, (b"authorization", b"Bearer " + key.encode())) if key else request.headers

    def prepare(self, body: bytes, operation: Operation) -> Prepared:
        """Read the request; it leaves as it is."""
        return read_request(body, operation).plain

    def editor(self, redactor: Redactor, content_type: str, *, hide_usage: bool) -> StreamEditor | None:
        """Return an editor for the streams of this API."""
        if content_type != self.media_type:
            return None
        return EventEditor(redactor, type(self).shape(), type(self).framing(), hide_usage=hide_usage)

    def usage(self, document: Json) -> Usage | None:
        """Return the usage that a whole response states."""
        tally = Tally()
        for part in document if isinstance(document, list) else (document,):
            tally.add(part)
        return tally.usage()

    def error_headers(self, status: int) -> Headers:
        """Return none: most APIs say all in the body."""
        return ()

    def forget(self, body: bytes) -> bytes:
        """Return a response without what would tell again what has been taken out of it."""
        return emptied(body, self.retold)
