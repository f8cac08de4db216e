"""One OpenTelemetry span for each exchange, sent to a collector by OTLP over HTTP, in batches, beside the traffic.

The names are those of the semantic conventions for generative AI (OpenTelemetry, "GenAI spans"), written out: the
constants of the Python package are deprecated, and the names are what a dashboard reads. No content, no header, no
address of a client is in a span. The client's `traceparent` is its parent, and goes on to the provider unchanged; a
trace that the client does not sample is not sampled here either.

Whatever becomes of the collector, no request waits for it: what cannot be kept in `SPANS` is dropped, and counted.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import httpx2

from proxy.watching.traffic import Finished
from safety_core.errors import InputError, UnavailableError
from safety_core.flow.dialect import Purpose
from safety_core.flow.egress_effects import Headers

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

SPANS: Final = 2048
"""Spans that wait to be sent."""

BATCH: Final = 512
"""Spans in one delivery; some 300 KiB."""

EVERY_SECONDS: Final = 5.0

TIMEOUT_SECONDS: Final = 10.0

_PROVIDERS: Final = {
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "mistral": "mistral_ai",
}
"""Well-known values of gen_ai.provider.name where they differ from our names."""


_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)")

_OPERATION: Final = "gen_ai.operation.name"
_MODEL: Final = "gen_ai.request.model"
_ANSWERED: Final = "gen_ai.response.model"


@dataclass(frozen=True, slots=True)
class _Parent:
    trace: int
    span: int
    sampled: bool


@dataclass(frozen=True, slots=True)
class _Span:
    """What is kept of an exchange until it is sent: nothing of its body. `times`: nanoseconds since the epoch."""

    parent: _Parent | None
    times: tuple[int, int]
    attributes: Mapping[str, str | int | float]


class Spans:
    """Takes up what is over, and sends it.

    Args:
        url: of the collector, without "/v1/traces".
        hosts: provider's name -> the host that its requests go to.
        scrub: text -> the same without any secret.

    Raises:
        InputError: the packages that it needs are not installed.
    """

    def __init__(self, url: str, hosts: Mapping[str, str], scrub: Callable[[str], str]) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
            from opentelemetry.sdk.resources import Resource
        except ImportError as error:
            fix = 'install "safety-gateway[telemetry]", or leave telemetry.otlp out'
            raise InputError("setting telemetry.otlp", "needs packages that are not installed", fix) from error
        self._encode: Callable[[Sequence[ReadableSpan]], Any] = encode_spans
        self._resource = Resource({"service.name": "safety-edge", "service.version": version("safety-gateway")})
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False)
        self._url = f"{url}/v1/traces"
        self._hosts = hosts
        self._scrub = scrub
        self._waiting: deque[_Span] = deque(maxlen=SPANS)
        self.dropped = 0

    def tell(self, finished: Finished) -> None:
        """Take up one exchange; the oldest that waits gives way."""
        self.dropped += len(self._waiting) == SPANS
        began = int(finished.began * 1e9)
        times = (began, began + int(finished.seconds * 1e9))
        self._waiting.append(_Span(_parent(finished.prompt.headers), times, self._attributes(finished)))

    async def flush(self) -> None:
        """Send what waits. Raises UnavailableError: the collector has not taken it; what was in that batch is lost."""
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            raw = await asyncio.to_thread(self._encoded, batch)
            try:
                answer = await self._client.post(
                    self._url, content=raw, headers={"content-type": "application/x-protobuf"}
                )
            except httpx2.HTTPError as error:
                self.dropped += len(batch)
                raise UnavailableError("telemetry collector", f"cannot be reached ({type(error).__name__})") from error
            if not answer.is_success:
                self.dropped += len(batch)
                raise UnavailableError("telemetry collector", f"answered {answer.status_code}", "see its log")

    async def aclose(self) -> None:
        """Send what waits, if that goes quickly."""
        try:
            async with asyncio.timeout(1.0):
                await self.flush()
        except (TimeoutError, UnavailableError):
            pass
        finally:
            await self._client.aclose()

    def _encoded(self, batch: Sequence[_Span]) -> bytes:
        spans = [self._made(span) for span in batch if span.parent is None or span.parent.sampled]
        encoded: bytes = self._encode(spans).SerializeToString()
        return encoded

    def _made(self, span: _Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

        sampled = TraceFlags(TraceFlags.SAMPLED)
        parent, attributes = span.parent, {**span.attributes}
        trace = parent.trace if parent else random.getrandbits(128) or 1
        for name in (_MODEL, _ANSWERED):
            if name in attributes:
                attributes[name] = self._scrub(str(attributes[name]))
        model = attributes.get(_MODEL, "")
        return ReadableSpan(
            f"{attributes[_OPERATION]} {model}".strip(),
            SpanContext(trace, random.getrandbits(64) or 1, is_remote=False, trace_flags=sampled),
            SpanContext(trace, parent.span, is_remote=True, trace_flags=sampled) if parent else None,
            self._resource,
            attributes,
            kind=SpanKind.CLIENT,
            status=Status(StatusCode.ERROR if "error.type" in attributes else StatusCode.UNSET),
            start_time=span.times[0],
            end_time=span.times[1],
        )

    def _attributes(self, finished: Finished) -> dict[str, str | int | float]:
        prompt, exchange = finished.prompt, finished.exchange
        found: dict[str, str | int | float] = {
            _OPERATION: _operation(prompt.operation.purpose, prompt.target),
            "gen_ai.provider.name": _PROVIDERS.get(prompt.provider, prompt.provider),
            "gen_ai.agent.name": prompt.agent,
            "safety.added_ms": round(finished.added * 1e3, 3),
        }
        if host := self._hosts.get(prompt.provider):
            found["server.address"] = host
        if exchange is None:
            return {**found, "error.type": "cut_off"}
        if exchange.model:
            found[_MODEL] = exchange.model
        found["http.response.status_code"] = exchange.status
        found["safety.redactions"] = exchange.findings
        if usage := exchange.usage:
            if usage.answered:
                found[_ANSWERED] = usage.answered
            found["gen_ai.usage.input_tokens"] = usage.input_total
            found["gen_ai.usage.output_tokens"] = usage.output_total
            found["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read
            found["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_write
        if exchange.rule or exchange.status >= 400:
            found["error.type"] = exchange.rule or str(exchange.status)
        return found


def _operation(purpose: Purpose, target: str) -> str:
    path = target.partition("?")[0]
    if purpose is Purpose.NUMBERS:
        return "embeddings"
    if purpose is not Purpose.TURN:
        return purpose.value
    if path.endswith("/completions") and not path.endswith("/chat/completions"):
        return "text_completion"
    return "generate_content" if "enerateContent" in path else "chat"


def _parent(headers: Headers) -> _Parent | None:
    """Return what a request's one `traceparent` names (W3C Trace Context, 3.2); None where there is no such one."""
    found = [value for name, value in headers if name.lower() == b"traceparent"]
    match = _TRACEPARENT.match(found[0].strip()) if len(found) == 1 else None
    if match is None:
        return None
    trace, span, flags = (int(part, 16) for part in match.groups())
    return _Parent(trace, span, bool(flags & 1)) if trace and span else None
