"""One prompt and what comes of it; how it is recorded and how a client is told: for both halves of `flow.prompt`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from safety_core.canonical import Json
from safety_core.errors import EffectFailed, SafetyError
from safety_core.flow import effects
from safety_core.flow.dialect import Dialect, Operation, Prepared
from safety_core.flow.effects import Flow
from safety_core.flow.egress_effects import Emit, Headers, Respond, UpstreamRequest
from safety_core.flow.interlock import Interlock
from safety_core.meter.prefix import Prefix
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import AgentId, ProposedCall
from safety_core.model.usage import Usage
from safety_core.redact.redactor import Redactor

JSON_TYPE: Final = "application/json"
PLAIN: Final = frozenset({"", "identity"})
"""Content encodings that can be looked into."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request of a client that the edge knows.

    Attributes:
        provider: its name in the settings.
        operation: what it is, as method and path tell.
        secret: the vault entry that holds the provider's key; None where it needs none.
        target: path and query that follow the provider's base URL.
    """

    agent: AgentId
    provider: str
    dialect: Dialect
    operation: Operation
    secret: SecretName | None
    method: str
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
        calls: returns the tool calls that a whole response proposes.
    """

    redactor: Redactor
    body_limit: int
    admit: Callable[[AgentId], None] = lambda agent: None
    interlock: Interlock = Interlock.OFF
    calls: Callable[[Json], tuple[ProposedCall, ...]] = lambda document: ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of a prompt.

    Attributes:
        status: what the client was told.
        model: as the request named it, empty if it came to nothing before that was known.
        findings: secrets that were replaced, on the way out and on the way in.
        prefix: how the request began; None where nothing was sent, or no conversation.
        waited: seconds in which the provider, or the client, was waited for.
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
    model: str = ""
    findings: int = 0
    prefix: Prefix | None = None
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A prompt that is ready to leave."""

    id: str
    prompt: Prompt
    prepared: Prepared
    request: UpstreamRequest
    findings: int


def cause_of(error: SafetyError) -> SafetyError:
    """Return what was wrong, where `error` only says that an effect did not come about because of it."""
    cause = error.__cause__
    return cause if isinstance(error, EffectFailed) and isinstance(cause, SafetyError) else error


def named(error: SafetyError) -> str:
    """Return the class of what was wrong: that is what people count by."""
    return type(cause_of(error)).__name__


def ended_by(exchange: Exchange, error: SafetyError) -> Exchange:
    """Return the exchange with what was wrong with it."""
    return replace(exchange, rule=named(error), reason=str(cause_of(error)))


def refuse(exchange: str, prompt: Prompt, status: int, error: SafetyError) -> Flow[Exchange]:
    """Tell the client that there is no answer, and why, in the provider's own error shape."""
    body = prompt.dialect.error(status, str(cause_of(error)))
    length = (b"content-length", str(len(body)).encode())
    headers = ((b"content-type", JSON_TYPE.encode()), length, *prompt.dialect.error_headers(status))
    refusal = ended_by(Exchange(exchange, status), error)
    return (yield from show(refusal, Respond(status, headers), Emit(body)))


def show(exchange: Exchange, *parts: Respond | Emit) -> Flow[Exchange]:
    """Send `parts` to a client that may have left."""
    try:
        for part in parts:
            yield from part
    except SafetyError as error:
        return exchange if exchange.rule else ended_by(exchange, error)
    return exchange


def note(event: Event, exchange: str, prompt: Prompt, error: SafetyError) -> Flow[None]:
    """Record what went wrong, if that is still possible: nothing is permitted by it."""
    with suppress(SafetyError):
        yield from record(event, exchange, prompt, rules=(named(error),))


def record(
    event: Event,
    exchange: str,
    prompt: Prompt,
    *,
    rules: tuple[str, ...] = (),
    counts: dict[str, int] | None = None,
    action_digest: str = "",
) -> Flow[None]:
    """Put on record what became of an exchange."""
    told = entry(event, exchange, prompt, rules=rules, counts=counts, action_digest=action_digest)
    yield from effects.Record((yield from told))


def entry(
    event: Event,
    exchange: str,
    prompt: Prompt,
    *,
    rules: tuple[str, ...] = (),
    counts: dict[str, int] | None = None,
    action_digest: str = "",
) -> Flow[AuditEntry]:
    """Return what the record says of an exchange now."""
    return AuditEntry(
        (yield from effects.Now()),
        event,
        prompt.agent,
        prompt.provider,
        exchange,
        rules=rules,
        counts=counts or {},
        action_digest=action_digest,
    )


def record_prompt(sent: Sent) -> Flow[None]:
    """Put on record what is about to leave."""
    body = sent.request.body
    counts = {"findings": sent.findings, "bytes": len(body)}
    yield from record(Event.PROMPT, sent.id, sent.prompt, counts=counts, action_digest=hashlib.sha256(body).hexdigest())
