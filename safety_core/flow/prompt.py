"""prompt -> redact -> egress -> meter

Nothing is sent before the agent's plugin is known to stand behind it (where it must), it has been scanned, its secrets
are in the vault under their placeholders, the provider's key is at hand, and the audit entry is durable. Whatever goes
wrong before that ends in a refusal, in the provider's own error shape. What comes back is `flow.response`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from safety_core.errors import BudgetError, EffectFailed, InputError, LimitError, SafetyError, UnscannableError
from safety_core.flow import effects
from safety_core.flow.dialect import BILLED, Prepared, Purpose
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Afford, AskStanding, UpstreamRequest, header_of
from safety_core.flow.exchange import (
    JSON_TYPE,
    PLAIN,
    Exchange,
    Prompt,
    PromptContext,
    Sent,
    note,
    record,
    record_prompt,
    refuse,
)
from safety_core.flow.headers import NOT_SENT, clean_headers
from safety_core.flow.interlock import (
    Interlock,
    UnguardedError,
    asked_spellings,
    check_results,
    check_turn,
    trace_id,
)
from safety_core.flow.response import send
from safety_core.meter.prefix import with_came
from safety_core.model.finding import certain
from safety_core.model.record import Event
from safety_core.model.secret import PROMPT, SecretName, SecretValue, Use
from safety_core.redact.body import BodyRedaction
from safety_core.redact.redactor import Redactor

DEPENDS: Final = 424
"""Status where an agent may not talk to a model now (RFC 4918, 11.4: the action that it depends on has not been done).

Not 403, and no error type that tells of permission: OpenClaw takes both for a wrong key, and gives the agent no model
for a minute, also when everything is right again. SDKs repeat neither."""


@dataclass(frozen=True, slots=True)
class Permit:
    """A prompt that may leave now.

    Attributes:
        key: of its provider, empty where it needs none.
        observed: what would have refused it if the interlock did more than observe.
    """

    sent: Sent
    key: Mapping[SecretName, SecretValue]
    observed: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A prompt that may not, which is on record."""

    exchange: str
    status: int
    error: SafetyError


def forward(prompt: Prompt, context: PromptContext) -> Flow[Exchange]:
    """Do the whole sentence for one prompt."""
    permit = yield from permitted(prompt, context)
    if isinstance(permit, Refusal):
        return (yield from refuse(permit.exchange, prompt, permit.status, permit.error))
    sent, prepared = permit.sent, permit.sent.prepared
    exchange = yield from send(sent, permit.key, context)
    findings = exchange.findings + sent.findings
    return replace(exchange, observed=permit.observed, model=prepared.model, findings=findings, prefix=prepared.prefix)


def permitted(prompt: Prompt, context: PromptContext) -> Flow[Permit | Refusal]:
    """Do all that must be done before a prompt may leave."""
    exchange = ""
    try:
        exchange = yield from effects.NewId()
        if (barred := _barred(prompt, context)) is not None:
            return (yield from _refused(exchange, prompt, DEPENDS, barred))
        observed = yield from _guarded(exchange, prompt, context, _check_turn(prompt))
        sent = yield from _ready(exchange, prompt, context.redactor)
        observed += yield from _guarded(exchange, prompt, context, _check_results(prompt, sent.prepared))
        yield from _afford(sent)
        key = yield from effects.Resolve((prompt.secret,) if prompt.secret else (), Use(prompt.agent, PROMPT, exchange))
        yield from record_prompt(sent)
    except SafetyError as error:
        return (yield from _refused(exchange, prompt, _status(error), error))
    return Permit(sent, key, observed)


def _barred(prompt: Prompt, context: PromptContext) -> SafetyError | None:
    """Return why the agent may not talk to a model now, whatever it says."""
    try:
        context.admit(prompt.agent)
    except SafetyError as error:
        return error
    return None


def _refused(exchange: str, prompt: Prompt, status: int, error: SafetyError) -> Flow[Refusal]:
    yield from note(Event.PROMPT_REFUSED, exchange, prompt, error)
    return Refusal(exchange, status, error)


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
        yield from record(Event.UNGUARDED, exchange, prompt, rules=(type(error).__name__,))
        return f"{error}. "
    return ""


def _check_turn(prompt: Prompt) -> Flow[None]:
    turn = prompt.operation.purpose in {Purpose.TURN, Purpose.BATCH}
    standing = yield from AskStanding(prompt.agent, trace_id(prompt.headers) if turn else "")
    check_turn(prompt.agent, standing, turn=turn)


def _check_results(prompt: Prompt, prepared: Prepared) -> Flow[None]:
    if prepared.results:
        asked = AskStanding(prompt.agent, "", asked_spellings(prepared.results))
        check_results(prompt.agent, prepared.results, (yield from asked))


def _ready(exchange: str, prompt: Prompt, redactor: Redactor) -> Flow[Sent]:
    """Scan all that would leave, keep what was discovered, and return the request without its key."""
    if header_of(prompt.headers, b"content-encoding").lower() not in PLAIN:
        raise UnscannableError("request body", "is compressed", "send it without Content-Encoding")
    _check_target(prompt.target, redactor)
    headers = clean_headers(prompt.headers, NOT_SENT, redactor)
    body = redactor.body(prompt.body, JSON_TYPE) if prompt.body else BodyRedaction(prompt.body)
    if discovered := {**headers.discovered, **body.discovered}:
        yield from effects.Remember(discovered)
    prepared = prompt.dialect.prepare(body.raw, prompt.operation)
    if (prepared.results or prepared.prefix) and body.findings:
        came = prompt.dialect.prepare(prompt.body, prompt.operation)  # an id may look like a secret: what came counts
        prefix = with_came(prepared.prefix, came.prefix)
        prepared = replace(prepared, results=came.results, prefix=prefix)
    sent = (*headers.headers, (b"accept-encoding", b"identity"))
    request = UpstreamRequest(prompt.provider, prompt.method, prompt.target, sent, prepared.body)
    return Sent(exchange, prompt, prepared, request, headers.findings + len(body.findings))


def _afford(sent: Sent) -> Flow[None]:
    prompt, prepared = sent.prompt, sent.prepared
    if prompt.operation.purpose in BILLED:
        size, most = len(prepared.body), prepared.most_output
        who = (sent.id, prompt.agent, prompt.provider)
        try:
            yield from Afford(*who, prepared.model, size, most, prepared.others, prepared.later)
        except EffectFailed as failure:
            if isinstance(failure.__cause__, BudgetError):
                raise failure.__cause__ from failure
            raise


def _check_target(target: str, redactor: Redactor) -> None:
    if certain(redactor.recurring(target).findings):
        raise InputError("request path", "holds a secret", "send it as a reference, in the body")


def _status(error: SafetyError) -> int:
    """Return the status of a refusal: 4xx where sending the same again cannot help."""
    if isinstance(error, UnguardedError | BudgetError):
        return DEPENDS
    if isinstance(error, LimitError):
        return 413
    return 400 if isinstance(error, InputError | UnscannableError) else 503
