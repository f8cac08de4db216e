"""A collector gets one span for each exchange, by the names of the conventions, without content; nothing waits for
it."""

from __future__ import annotations

import builtins
import socket
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from proxy.watching.spans import SPANS, Spans
from proxy.watching.traffic import Finished
from safety_core.errors import InputError, UnavailableError
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.exchange import Exchange, Prompt
from tests.proxy.watching.collector import attributes, collector
from tests.proxy.watching.exchanges import USAGE, exchange, prompt

HOSTS = {"openai": "api.openai.example", "gemini": "gemini.example"}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def spans_to(url: str) -> Spans:
    return Spans(url, HOSTS, lambda text: text.replace("hunter2", "SECRET_REF(pw)"))


async def sent(*ended: tuple[Prompt, Exchange | None]) -> list[Any]:
    """Send them, and return what the collector has read."""
    async with collector() as there:
        spans = spans_to(there.url)
        for asked, made in ended:
            spans.tell(Finished(asked, made, 1_000_000.5, 1.25, 0.0005))
        await spans.flush()
        await spans.aclose()
        assert all(resource["service.name"] == "safety-edge" for resource in there.resources)
        return there.spans


async def test_an_exchange_is_a_span_of_the_conventions() -> None:
    usage = replace(USAGE, answered="m-1-2026-01-01")
    (span,) = await sent((prompt(body=b'{"messages": "a secret talk"}'), exchange(usage=usage)))
    assert span.name == "chat m-1"
    assert span.kind == Span.SPAN_KIND_CLIENT
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (1_000_000_500_000_000, 1_000_001_750_000_000)
    assert attributes(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.agent.name": "ada",
        "gen_ai.request.model": "m-1",
        "gen_ai.response.model": "m-1-2026-01-01",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 10,
        "http.response.status_code": 200,
        "server.address": "api.openai.example",
        "safety.redactions": 2,
        "safety.added_ms": 0.5,
    }
    assert (span.status.code, span.parent_span_id) == (Status.STATUS_CODE_UNSET, b"")
    assert b"talk" not in span.SerializeToString()


async def test_the_clients_trace_is_the_parent() -> None:
    header = f"00-{TRACE}-{PARENT}-01".encode()
    (span,) = await sent((prompt(headers=((b"traceparent", header),)), exchange()))
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.span_id.hex() != PARENT


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"traceparent", b"garbage"),),
        ((b"traceparent", f"ff-{TRACE}-{PARENT}-01".encode()),),
        ((b"traceparent", f"00-{'0' * 32}-{PARENT}-01".encode()),),
        ((b"traceparent", f"00-{TRACE}-{PARENT}-01".encode()), (b"traceparent", b"00")),
    ],
)
async def test_without_one_trace_it_has_its_own(headers: Any) -> None:
    one, other = await sent((prompt(headers=headers), exchange()), (prompt(headers=headers), exchange()))
    assert one.parent_span_id == b""
    assert one.trace_id != other.trace_id
    assert one.trace_id.hex() != TRACE


async def test_what_the_client_does_not_sample_is_not_told() -> None:
    header = f"00-{TRACE}-{PARENT}-00".encode()
    assert await sent((prompt(headers=((b"traceparent", header),)), exchange())) == []


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (prompt(operation=Operation(Purpose.NUMBERS), target="/v1/embeddings"), "embeddings m-1"),
        (prompt(target="/v1/completions?x=1"), "text_completion m-1"),
        (prompt(target="/v1beta/models/m-1:streamGenerateContent"), "generate_content m-1"),
        (prompt(operation=Operation(Purpose.COUNT)), "count m-1"),
    ],
)
async def test_what_was_asked_for_is_named(asked: Prompt, name: str) -> None:
    (span,) = await sent((asked, exchange()))
    assert span.name == name


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (exchange(status=424, rule="BudgetError", usage=None), "BudgetError"),
        (exchange(status=429), "429"),
        (None, "cut_off"),
    ],
)
async def test_what_went_wrong_is_an_error(made: Exchange | None, error: str) -> None:
    (span,) = await sent((prompt(provider="gemini"), made))
    told = attributes(span.attributes)
    assert (span.status.code, told["error.type"]) == (Status.STATUS_CODE_ERROR, error)
    assert told["gen_ai.provider.name"] == "gcp.gemini"


async def test_a_model_that_is_a_secret_is_not_told() -> None:
    made = exchange(model="m-hunter2", usage=replace(USAGE, answered="hunter2-m"))
    (span,) = await sent((prompt(), made))
    assert span.name == "chat m-SECRET_REF(pw)"
    assert b"hunter2" not in span.SerializeToString()


async def test_what_waits_is_bounded_and_small() -> None:
    """A request's body is let go of: thousands of them may wait for a collector that does not answer."""
    spans = spans_to("http://127.0.0.1:9")
    for number in range(SPANS + 5):
        spans.tell(Finished(prompt(body=b"x" * 1000), exchange(model=f"m-{number}"), 1.0, 1.0, 0.0))
    assert (len(spans._waiting), spans.dropped) == (SPANS, 5)
    assert "xxx" not in str(spans._waiting[0])
    spans._waiting.clear()
    await spans.aclose()


async def test_a_collector_that_is_not_there_or_refuses_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    spans = spans_to(f"http://127.0.0.1:{port}")
    spans.tell(Finished(prompt(), exchange(), 1.0, 1.0, 0.0))
    with pytest.raises(UnavailableError, match="cannot be reached"):
        await spans.flush()
    await spans.aclose()
    async with collector() as there:
        there.status = 503
        spans = spans_to(there.url)
        spans.tell(Finished(prompt(), exchange(), 1.0, 1.0, 0.0))
        with pytest.raises(UnavailableError, match="answered 503"):
            await spans.flush()
        assert spans.dropped == 1
        await spans.aclose()


async def test_the_end_does_not_wait_long_for_a_slow_collector() -> None:
    async with collector(holds=True) as there:
        spans = spans_to(there.url)
        spans.tell(Finished(prompt(), exchange(), 1.0, 1.0, 0.0))
        await spans.aclose()
        assert there.came.is_set()
        assert there.spans == []


def test_missing_packages_are_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"safety-gateway\[telemetry\]"):
        spans_to("http://127.0.0.1:9")
