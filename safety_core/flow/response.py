"""The second half of `flow.prompt`: send what is ready, scan what comes back, meter it, and show it.

A whole response is shown once its own audit entry is durable; a stream is shown as it comes, and one that goes wrong
ends in the provider's own error event. Who left early is metered all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from safety_core.canonical import Json
from safety_core.errors import LimitError, SafetyError, UnavailableError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import METERED, StreamEditor
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Cancel, Emit, Forward, NextChunk, Respond, ResponseHead
from safety_core.flow.exchange import (
    JSON_TYPE,
    PLAIN,
    Exchange,
    Prompt,
    PromptContext,
    Sent,
    note,
    record,
    refuse,
    show,
)
from safety_core.flow.headers import NOT_SHOWN, clean_headers
from safety_core.meter.estimate import completed
from safety_core.model.record import Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.usage import Usage
from safety_core.redact.body import BodyRedaction
from safety_core.redact.redactor import Redactor


def send(sent: Sent, key: Mapping[SecretName, SecretValue], context: PromptContext) -> Flow[Exchange]:
    """Send what is ready, and show what comes back."""
    prompt = sent.prompt
    try:
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
    yield from record(Event.RESPONSE, sent.id, sent.prompt, counts=counts)
    stated = sent.prompt.dialect.usage(_document(raw))
    exchange = Exchange(sent.id, head.status, findings=counts["findings"])
    if stated is not None or (head.status < 400 and sent.prompt.operation.purpose in METERED):
        exchange = yield from _meter(sent, exchange, completed(stated, len(sent.request.body), len(raw), whole=True))
    shown = sent.prompt.dialect.forget(body.raw) if body.findings else body.raw
    length = (b"content-length", str(len(shown)).encode())
    return (yield from show(exchange, Respond(head.status, (*headers.headers, length)), Emit(shown)))


def _collect(limit: int) -> Flow[bytes]:
    body = bytearray()
    while (chunk := (yield from NextChunk())) is not None:
        body += chunk
        if len(body) > limit:
            raise LimitError("response body", f"is larger than {limit} bytes")
    return bytes(body)


def _document(raw: bytes) -> Json:
    try:
        document: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return document


def _stream(sent: Sent, head: ResponseHead, editor: StreamEditor) -> Flow[Exchange]:
    """Pass the stream on as it comes, and book it however it ends."""
    exchange = Exchange(sent.id, head.status)
    try:
        yield from _pump(editor)
    except SafetyError as error:
        exchange = replace(exchange, rule=type(error).__name__, reason=str(error))
        with suppress(SafetyError):
            yield from Cancel()
        yield from show(exchange, Emit(sent.prompt.dialect.error_event(str(error))))
    exchange = replace(exchange, findings=editor.findings)
    usage = completed(editor.usage, len(sent.request.body), editor.written, whole=not exchange.rule)
    exchange = yield from _meter(sent, exchange, usage)
    try:
        rules = (exchange.rule,) if exchange.rule else ()
        counts = {"status": head.status, "findings": editor.findings}
        yield from record(Event.RESPONSE, sent.id, sent.prompt, rules=rules, counts=counts)
    except SafetyError as error:
        return replace(exchange, rule=type(error).__name__, reason=str(error))
    return exchange


def _open(head: ResponseHead, redactor: Redactor) -> Flow[None]:
    headers = clean_headers(head.headers, NOT_SHOWN, redactor)
    if headers.discovered:
        yield from effects.Remember(headers.discovered)
    yield from Respond(head.status, headers.headers)


def _pump(editor: StreamEditor) -> Flow[None]:
    ended = False
    while not ended:
        chunk = yield from NextChunk()
        ended = chunk is None
        edited = editor.end() if chunk is None else editor.feed(chunk)
        if edited.discovered:
            yield from effects.Remember(edited.discovered)
        if edited.data:
            yield from Emit(edited.data)


def _meter(sent: Sent, exchange: Exchange, usage: Usage) -> Flow[Exchange]:
    """Book the usage. The response has been paid for: it is shown even where booking fails, and the exchange says
    so."""
    try:
        prompt = sent.prompt
        yield from effects.Meter(sent.id, prompt.agent, prompt.provider, sent.prepared.model, usage)
    except SafetyError as error:
        return replace(exchange, usage=usage, rule=type(error).__name__, reason=str(error))
    return replace(exchange, usage=usage)


def _fail(sent: Sent, head: ResponseHead | None, error: SafetyError) -> Flow[Exchange]:
    """End an exchange of which the client has seen nothing. Once it has been answered, the provider bills it."""
    with suppress(SafetyError):
        yield from Cancel()
    yield from note(Event.RESPONSE, sent.id, sent.prompt, error)
    if head is not None and head.status < 400 and sent.prompt.operation.purpose in METERED:
        yield from _meter(sent, Exchange(sent.id, 502), completed(None, len(sent.request.body), 0, whole=False))
    return (yield from refuse(sent.id, sent.prompt, 502, error))
