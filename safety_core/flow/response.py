"""The second half of `flow.prompt`: send what is ready, scan what comes back, meter it, and show it.

What the response proposes to do is noted before it is shown and judged after (`Foresee`, `Weigh`): neither holds it up,
and whatever fails in them changes nothing of it.

A whole response is shown once its own audit entry is durable; a stream is shown as it comes, and one that goes wrong
ends in the provider's own error event. Who left early is metered all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from safety_core.errors import LimitError, SafetyError, UnansweredError, UnavailableError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import METERED, Stated, StreamEditor
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Cancel, Emit, Foresee, Forward, NextChunk, Respond, ResponseHead, Weigh
from safety_core.flow.exchange import (
    JSON_TYPE,
    PLAIN,
    Exchange,
    Prompt,
    PromptContext,
    Sent,
    ended_by,
    entry,
    note,
    record,
    record_prompt,
    refuse,
    show,
)
from safety_core.flow.headers import NOT_SHOWN, clean_headers
from safety_core.flow.interlock import trace_id
from safety_core.meter.estimate import completed
from safety_core.meter.headers import usage_in_headers
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ProposedCall
from safety_core.model.usage import Usage
from safety_core.redact.body import BodyRedaction
from safety_core.redact.redactor import Redactor
from safety_core.wire.lenient import parsed

_REFUSED: Final = frozenset({400, 422})
"""How servers answer to a field that they do not know."""


def send(sent: Sent, key: Mapping[SecretName, SecretValue], context: PromptContext) -> Flow[Exchange]:
    """Send what is ready, and show what comes back."""
    prompt = sent.prompt
    try:
        head = yield from Forward(sent.request, key)
        if head.status in _REFUSED and sent.prepared.plain is not None:
            sent = yield from _as_it_came(sent, sent.prepared.plain)
            head = yield from Forward(sent.request, key)
    except SafetyError as error:
        return (yield from _fail(sent, None, error))
    try:
        _check_head(head, prompt)
        editor = _editor(sent, head, context.redactor)
        if editor is None:
            return (yield from _whole(sent, head, context))
        yield from _open(head, context.redactor)
    except SafetyError as error:
        return (yield from _fail(sent, head, error))
    return (yield from _stream(sent, head, editor))


def _as_it_came(sent: Sent, body: bytes) -> Flow[Sent]:
    """Return a request without our own change, for that may be what was refused. A refusal costs nothing."""
    yield from Cancel()
    prepared = replace(sent.prepared, body=body, plain=None, hide_usage=False)
    plain = replace(sent, prepared=prepared, request=replace(sent.request, body=body))
    yield from record_prompt(plain)
    return plain


def _check_head(head: ResponseHead, prompt: Prompt) -> None:
    """Refuse a response that would lead the client elsewhere, or that cannot be looked into."""
    if 300 <= head.status < 400:
        raise UnavailableError(
            prompt.provider, f"answered with a redirect ({head.status})", "set its base URL to where it leads"
        )
    if head.header(b"content-encoding").lower() not in PLAIN:
        raise UnscannableError("response body", "is compressed, which was not asked for")


def _editor(sent: Sent, head: ResponseHead, redactor: Redactor) -> StreamEditor | None:
    media_type = head.header(b"content-type").partition(";")[0].strip().lower()
    return sent.prompt.dialect.editor(redactor, media_type, hide_usage=sent.prepared.hide_usage)


def _whole(sent: Sent, head: ResponseHead, context: PromptContext) -> Flow[Exchange]:
    """Collect the response, scan it, book it, and show it."""
    raw = yield from _collect(context.body_limit)
    headers = clean_headers(head.headers, NOT_SHOWN, context.redactor)
    body = context.redactor.body(raw, head.header(b"content-type") or JSON_TYPE) if raw else BodyRedaction(raw)
    if discovered := {**headers.discovered, **body.discovered}:
        yield from effects.Remember(discovered)
    counts = {"status": head.status, "findings": headers.findings + len(body.findings), "bytes": len(raw)}
    document = parsed(raw)
    stated = sent.prompt.dialect.usage(document) or usage_in_headers(head.headers)
    billed = _is_billed(sent, head, stated)
    usage = completed(stated, len(sent.request.body), len(raw), whole=True) if billed else None
    exchange = Exchange(sent.id, head.status, usage, findings=counts["findings"])
    exchange, recorded = yield from _booked(sent, exchange, counts)
    if not recorded:
        return exchange
    shown = sent.prompt.dialect.forget(body.raw) if body.findings else body.raw
    length = (b"content-length", str(len(shown)).encode())
    asked = context.calls(parsed(body.raw) if body.findings else document) if head.status < 400 else ()
    asked = yield from _foreseen(sent, asked)
    seen = yield from show(exchange, Respond(head.status, (*headers.headers, length)), Emit(shown))
    yield from _weighed(sent, asked, broken=seen is not exchange)
    return seen


def _booked(sent: Sent, exchange: Exchange, counts: dict[str, int]) -> Flow[tuple[Exchange, bool]]:
    """Put a whole response on record and its usage into the books, at the same time; tell whether it may be shown.
    Without the record it has been refused; without the books it is shown, for it has been paid for."""
    told = effects.Record((yield from entry(Event.RESPONSE, sent.id, sent.prompt, counts=counts)))
    if exchange.usage is None:
        yield from told
        return exchange, True
    recorded, metered = yield from effects.Together((told, _metering(sent, exchange.usage)))
    if isinstance(recorded, SafetyError):
        return replace((yield from _fail(sent, None, recorded)), usage=exchange.usage), False
    if isinstance(metered, SafetyError):
        return ended_by(exchange, metered), True
    return exchange, True


def _foreseen(sent: Sent, calls: tuple[ProposedCall, ...]) -> Flow[tuple[ProposedCall, ...]]:
    """Return the calls that are yet to be judged."""
    if not calls:
        return ()
    try:
        return (yield from Foresee(sent.prompt.agent, calls))
    except SafetyError:
        return calls


def _weighed(sent: Sent, calls: tuple[ProposedCall, ...], *, broken: bool) -> Flow[None]:
    if calls:
        with suppress(SafetyError):
            yield from Weigh(sent.id, sent.prompt.agent, trace_id(sent.prompt.headers), calls, broken)


def _collect(limit: int) -> Flow[bytes]:
    body = bytearray()
    while (chunk := (yield from NextChunk())) is not None:
        body += chunk
        if len(body) > limit:
            raise LimitError("response body", f"is larger than {limit} bytes")
    return bytes(body)


def _stream(sent: Sent, head: ResponseHead, editor: StreamEditor) -> Flow[Exchange]:
    """Pass the stream on as it comes, and book it however it ends."""
    exchange = Exchange(sent.id, head.status)
    asked: list[ProposedCall] = []
    broken = False
    try:
        yield from _pump(sent, editor, asked)
    except SafetyError as error:
        broken = True
        exchange = ended_by(exchange, error)
        with suppress(SafetyError):
            yield from Cancel()
        end = editor.failed(exchange.reason) or sent.prompt.dialect.error_event(exchange.reason)
        yield from show(exchange, Emit(end))
    exchange = replace(exchange, findings=editor.findings)
    if _is_billed(sent, head, editor.usage):
        usage = completed(editor.usage, len(sent.request.body), editor.written, whole=not exchange.rule)
        exchange = yield from _meter(sent, exchange, usage)
    try:
        rules = (exchange.rule,) if exchange.rule else ()
        counts = {"status": head.status, "findings": editor.findings}
        yield from record(Event.RESPONSE, sent.id, sent.prompt, rules=rules, counts=counts)
    except SafetyError as error:
        return ended_by(exchange, error)
    yield from _weighed(sent, tuple(asked), broken=broken)
    return exchange


def _open(head: ResponseHead, redactor: Redactor) -> Flow[None]:
    headers = clean_headers(head.headers, NOT_SHOWN, redactor)
    if headers.discovered:
        yield from effects.Remember(headers.discovered)
    yield from Respond(head.status, headers.headers)


def _pump(sent: Sent, editor: StreamEditor, asked: list[ProposedCall]) -> Flow[None]:
    """Pass the stream on; the tool calls that it proposes go into `asked`."""
    ended = False
    while not ended:
        chunk = yield from NextChunk()
        ended = chunk is None
        edited = editor.end() if chunk is None else editor.feed(chunk)
        if edited.discovered:
            yield from effects.Remember(edited.discovered)
        for stated in edited.stated:
            prompt = sent.prompt
            yield from effects.Meter(_once(prompt, stated), prompt.agent, prompt.provider, stated.model, stated.usage)
        asked += yield from _foreseen(sent, edited.calls)
        if edited.data:
            yield from Emit(edited.data)


def _once(prompt: Prompt, stated: Stated) -> str:
    """Return the id under which an answer is booked, whoever looks at it and however often."""
    named = f"{prompt.provider}\n{prompt.target.partition('?')[0]}\n{stated.id}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def _is_billed(sent: Sent, head: ResponseHead, stated: Usage | None) -> bool:
    """Tell whether a response is to be booked: a provider bills no errors, unless it says so."""
    return sent.prompt.operation.purpose in METERED and (stated is not None or head.status < 400)


def _meter(sent: Sent, exchange: Exchange, usage: Usage) -> Flow[Exchange]:
    """Book the usage. The response has been paid for: it is shown even where booking fails, and the exchange says
    so."""
    try:
        yield from _metering(sent, usage)
    except SafetyError as error:
        return ended_by(replace(exchange, usage=usage), error)
    return replace(exchange, usage=usage)


def _metering(sent: Sent, usage: Usage) -> effects.Meter:
    prompt, prepared = sent.prompt, sent.prepared
    return effects.Meter(sent.id, prompt.agent, prompt.provider, prepared.model, usage, prepared.others)


def _fail(sent: Sent, head: ResponseHead | None, error: SafetyError) -> Flow[Exchange]:
    """End an exchange of which the client has seen nothing. Once it has been answered, the provider bills it; and it
    may where the client left, or the connection broke, while the provider was at work, which would else be a way to
    spend without a trace."""
    with suppress(SafetyError):
        yield from Cancel()
    yield from note(Event.RESPONSE, sent.id, sent.prompt, error)
    answered = head.status < 400 if head is not None else isinstance(error.__cause__, UnansweredError)
    if answered and sent.prompt.operation.purpose in METERED:
        yield from _meter(sent, Exchange(sent.id, 502), completed(None, len(sent.request.body), 0, whole=False))
    return (yield from refuse(sent.id, sent.prompt, 502, error))
