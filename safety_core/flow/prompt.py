"""prompt -> redact -> egress -> meter

Nothing is sent before the agent's plugin is known to stand behind it (where it must), it has been scanned, its secrets
are in the vault under their placeholders, the provider's key is at hand, and the audit entry is durable. Whatever goes
wrong before that ends in a refusal, in the provider's own error shape.

What comes back is scanned too. A whole response is shown once its own audit entry is durable; a stream is shown as it
comes, and one that goes wrong ends in the provider's own error event. Who left early is metered all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from safety_core.canonical import Json
from safety_core.errors import InputError, LimitError, SafetyError, UnavailableError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import Dialect, Prepared, StreamEditor
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import (
    AskStanding,
    Cancel,
    Emit,
    Forward,
    Headers,
    NextChunk,
    Respond,
    ResponseHead,
    UpstreamRequest,
)
from safety_core.flow.headers import NOT_SENT, NOT_SHOWN, clean_headers
from safety_core.flow.interlock import (
    Interlock,
    UnguardedError,
    asked_spellings,
    check_results,
    check_turn,
    converses,
    trace_id,
)
from safety_core.meter.estimate import completed
from safety_core.model.finding import FindingKind
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage
from safety_core.redact.body import BodyRedaction
from safety_core.redact.redactor import Redactor

JSON_TYPE: Final = "application/json"
_PLAIN: Final = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request of a client that the edge knows.

    Attributes:
        provider: its name in the settings.
        secret: the vault entry that holds the provider's key.
        target: path and query that follow the provider's base URL.
    """

    agent: AgentId
    provider: str
    dialect: Dialect
    secret: SecretName
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class PromptContext:
    """What holds while one prompt passes.

    Attributes:
        body_limit: bytes of a response that is not a stream.
        admit: raises a SafetyError where this agent may not talk to a model now.
        interlock: what becomes of a prompt that this agent's plugin does not stand behind.
    """

    redactor: Redactor
    body_limit: int
    admit: Callable[[AgentId], None] = lambda agent: None
    interlock: Interlock = Interlock.OFF


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of a prompt.

    Attributes:
        status: what the client was told.
        rule: class of the error that refused or ended it, empty if none did.
        reason: its text.
        observed: what would have refused it if the interlock did more than observe.
    """

    id: str
    status: int
    usage: Usage | None = None
    rule: str = ""
    reason: str = ""
    observed: str = ""


@dataclass(frozen=True, slots=True)
class _Sent:
    """A prompt that is ready to leave."""

    id: str
    prompt: Prompt
    prepared: Prepared
    request: UpstreamRequest
    findings: int


def forward(prompt: Prompt, context: PromptContext) -> Flow[Exchange]:
    """Do the whole sentence for one prompt."""
    exchange, status = "", None
    try:
        exchange = yield from effects.NewId()
        status = 403
        context.admit(prompt.agent)
        status = None
        observed = yield from _guarded(exchange, prompt, context, _check_turn(prompt))
        sent = yield from _ready(exchange, prompt, context.redactor)
        observed += yield from _guarded(exchange, prompt, context, _check_results(prompt, sent.prepared))
        key = yield from effects.Resolve((prompt.secret,))
        yield from _record_prompt(sent)
    except SafetyError as error:
        yield from _note(Event.PROMPT_REFUSED, exchange, prompt, error)
        return (yield from _refuse(exchange, prompt, status or _status(error), error))
    return replace((yield from _send(sent, key, context)), observed=observed)


def _guarded(exchange: str, prompt: Prompt, context: PromptContext, check: Flow[None]) -> Flow[str]:
    """Make a check of the interlock. Where it only observes: record what it finds, and return that."""
    if context.interlock is Interlock.OFF:
        check.close()
        return ""
    try:
        yield from check
    except UnguardedError as error:
        if context.interlock is Interlock.ENFORCE:
            raise
        yield from _record(Event.UNGUARDED, exchange, prompt, rules=(type(error).__name__,))
        return f"{error}. "
    return ""


def _check_turn(prompt: Prompt) -> Flow[None]:
    turn = converses(prompt.target)
    standing = yield from AskStanding(prompt.agent, trace_id(prompt.headers) if turn else "")
    check_turn(prompt.agent, standing, turn=turn)


def _check_results(prompt: Prompt, prepared: Prepared) -> Flow[None]:
    if prepared.results:
        asked = AskStanding(prompt.agent, "", asked_spellings(prepared.results))
        check_results(prompt.agent, prepared.results, (yield from asked))


def _send(sent: _Sent, key: Mapping[SecretName, SecretValue], context: PromptContext) -> Flow[Exchange]:
    """Send what is ready, and show what comes back."""
    prompt = sent.prompt
    try:
        head = yield from Forward(sent.request, key)
    except SafetyError as error:
        return (yield from _fail(sent, None, error))
    try:
        _check_head(head, prompt)
        if not _is_stream(head):
            return (yield from _whole(sent, head, context))
        yield from _open(head, context.redactor)
    except SafetyError as error:
        return (yield from _fail(sent, head, error))
    return (yield from _stream(sent, head, context.redactor))


def _ready(exchange: str, prompt: Prompt, redactor: Redactor) -> Flow[_Sent]:
    """Scan all that would leave, keep what was discovered, and return the request without its key."""
    head = ResponseHead(0, prompt.headers)
    if head.header(b"content-encoding").lower() not in _PLAIN:
        raise UnscannableError("request body", "is compressed", "send it without Content-Encoding")
    _check_target(prompt.target, redactor)
    headers = clean_headers(prompt.headers, NOT_SENT, redactor)
    body = redactor.body(prompt.body, JSON_TYPE)
    if discovered := {**headers.discovered, **body.discovered}:
        yield from effects.Remember(discovered)
    prepared = prompt.dialect.prepare(body.raw)
    if prepared.results and body.findings:  # an id may look like a secret: what counts is what came
        prepared = replace(prepared, results=prompt.dialect.prepare(prompt.body).results)
    sent = (*headers.headers, (b"accept-encoding", b"identity"))
    request = UpstreamRequest(prompt.provider, prompt.target, sent, prepared.body)
    return _Sent(exchange, prompt, prepared, request, headers.findings + len(body.findings))


def _check_target(target: str, redactor: Redactor) -> None:
    redaction = redactor.text(target)
    if any(finding.kind is not FindingKind.UNKNOWN for finding in redaction.findings):
        raise InputError("request path", "holds a secret", "send it as a reference, in the body")


def _check_head(head: ResponseHead, prompt: Prompt) -> None:
    """Refuse a response that would lead the client elsewhere, or that cannot be looked into."""
    if 300 <= head.status < 400:
        raise UnavailableError(
            prompt.provider, f"answered with a redirect ({head.status})", "set its base URL to where it leads"
        )
    if head.header(b"content-encoding").lower() not in _PLAIN:
        raise UnscannableError("response body", "is compressed, which was not asked for")


def _is_stream(head: ResponseHead) -> bool:
    return head.header(b"content-type").partition(";")[0].strip().lower() == "text/event-stream"


def _whole(sent: _Sent, head: ResponseHead, context: PromptContext) -> Flow[Exchange]:
    """Collect the response, scan it, book it, and show it."""
    raw = yield from _collect(context.body_limit)
    headers = clean_headers(head.headers, NOT_SHOWN, context.redactor)
    body = context.redactor.body(raw, head.header(b"content-type") or JSON_TYPE) if raw else BodyRedaction(raw)
    if discovered := {**headers.discovered, **body.discovered}:
        yield from effects.Remember(discovered)
    counts = {"status": head.status, "findings": headers.findings + len(body.findings), "bytes": len(raw)}
    yield from _record(Event.RESPONSE, sent.id, sent.prompt, counts=counts)
    stated = sent.prompt.dialect.usage(_document(raw))
    exchange = Exchange(sent.id, head.status)
    if stated is not None or head.status < 400:
        exchange = yield from _meter(sent, exchange, completed(stated, len(sent.request.body), len(raw), whole=True))
    shown = sent.prompt.dialect.forget(body.raw) if body.findings else body.raw
    length = (b"content-length", str(len(shown)).encode())
    return (yield from _show(exchange, Respond(head.status, (*headers.headers, length)), Emit(shown)))


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


def _stream(sent: _Sent, head: ResponseHead, redactor: Redactor) -> Flow[Exchange]:
    """Pass the stream on as it comes, and book it however it ends."""
    editor = sent.prompt.dialect.editor(redactor, hide_usage=sent.prepared.hide_usage)
    exchange = Exchange(sent.id, head.status)
    try:
        yield from _pump(editor)
    except SafetyError as error:
        exchange = replace(exchange, rule=type(error).__name__, reason=str(error))
        with suppress(SafetyError):
            yield from Cancel()
        yield from _show(exchange, Emit(sent.prompt.dialect.error_event(str(error))))
    usage = completed(editor.usage, len(sent.request.body), editor.written, whole=not exchange.rule)
    exchange = yield from _meter(sent, exchange, usage)
    try:
        rules = (exchange.rule,) if exchange.rule else ()
        counts = {"status": head.status, "findings": editor.findings}
        yield from _record(Event.RESPONSE, sent.id, sent.prompt, rules=rules, counts=counts)
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


def _meter(sent: _Sent, exchange: Exchange, usage: Usage) -> Flow[Exchange]:
    """Book the usage. The response has been paid for: it is shown even where booking fails, and the exchange says
    so."""
    try:
        prompt = sent.prompt
        yield from effects.Meter(sent.id, prompt.agent, prompt.provider, sent.prepared.model, usage)
    except SafetyError as error:
        return replace(exchange, usage=usage, rule=type(error).__name__, reason=str(error))
    return replace(exchange, usage=usage)


def _status(error: SafetyError) -> int:
    """Return the status of a refusal: 4xx where sending the same again cannot help."""
    if isinstance(error, UnguardedError):
        return 403
    if isinstance(error, LimitError):
        return 413
    return 400 if isinstance(error, InputError | UnscannableError) else 503


def _fail(sent: _Sent, head: ResponseHead | None, error: SafetyError) -> Flow[Exchange]:
    """End an exchange of which the client has seen nothing. Once it has been answered, the provider bills it."""
    with suppress(SafetyError):
        yield from Cancel()
    yield from _note(Event.RESPONSE, sent.id, sent.prompt, error)
    if head is not None and head.status < 400:
        yield from _meter(sent, Exchange(sent.id, 502), completed(None, len(sent.request.body), 0, whole=False))
    return (yield from _refuse(sent.id, sent.prompt, 502, error))


def _refuse(exchange: str, prompt: Prompt, status: int, error: SafetyError) -> Flow[Exchange]:
    body = prompt.dialect.error(status, str(error))
    headers = ((b"content-type", JSON_TYPE.encode()), (b"content-length", str(len(body)).encode()))
    refusal = Exchange(exchange, status, rule=type(error).__name__, reason=str(error))
    return (yield from _show(refusal, Respond(status, headers), Emit(body)))


def _show(exchange: Exchange, *parts: Respond | Emit) -> Flow[Exchange]:
    """Send `parts` to a client that may have left."""
    try:
        for part in parts:
            yield from part
    except SafetyError as error:
        return replace(exchange, rule=exchange.rule or type(error).__name__, reason=exchange.reason or str(error))
    return exchange


def _record_prompt(sent: _Sent) -> Flow[None]:
    body = sent.request.body
    counts = {"findings": sent.findings, "bytes": len(body)}
    yield from _record(
        Event.PROMPT, sent.id, sent.prompt, counts=counts, action_digest=hashlib.sha256(body).hexdigest()
    )


def _note(event: Event, exchange: str, prompt: Prompt, error: SafetyError) -> Flow[None]:
    """Record what went wrong, if that is still possible: nothing is permitted by it."""
    with suppress(SafetyError):
        yield from _record(event, exchange, prompt, rules=(type(error).__name__,))


def _record(
    event: Event,
    exchange: str,
    prompt: Prompt,
    *,
    rules: tuple[str, ...] = (),
    counts: dict[str, int] | None = None,
    action_digest: str = "",
) -> Flow[None]:
    now = yield from effects.Now()
    entry = AuditEntry(
        now,
        event,
        prompt.agent,
        prompt.provider,
        exchange,
        rules=rules,
        counts=counts or {},
        action_digest=action_digest,
    )
    yield from effects.Record(entry)
