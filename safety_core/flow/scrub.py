"""A call without secrets, as everything from here on sees it."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from safety_core.canonical import JsonObject
from safety_core.classify.facts import bare_facts_of, shows
from safety_core.errors import CanaryError, InputError
from safety_core.flow import effects
from safety_core.flow.answers import Context
from safety_core.flow.effects import Flow
from safety_core.model.secret import refs_in, texts_in
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.redact.redactor import Redactor
from safety_core.redact.scattered import scattered

_PIECE: Final = re.compile(r"[A-Za-z0-9_+/=.-]{3,200}")
"""What may be a piece of a token: no words with spaces."""


def scrubbed(call: ToolCall, redactor: Redactor) -> Flow[ToolCall]:
    """Replace every secret in the call by its reference, names included: from here on nothing holds a value.

    The names stand under keys that say "id", so that random ids are not taken for unknown secrets.
    """
    names: JsonObject = {"id": call.id, "agent_id": call.agent, "session_id": call.session, "tool_id": call.tool}
    clean = redactor.value({**names, "params": call.params})
    if clean.discovered:
        yield from effects.Remember(clean.discovered)
    fields = cast("dict[str, Any]", clean.value)
    return ToolCall(
        id=CallId(fields["id"]),
        tenant=call.tenant,
        agent=AgentId(fields["agent_id"]),
        session=SessionId(fields["session_id"]),
        tool=fields["tool_id"],
        params=fields["params"],
        hints=call.hints,
    )


def check_hidden(call: ToolCall, clean: ToolCall, context: Context) -> None:
    """Refuse a call that shows a canary, and one of which scrubbing took more than secrets: its caller would run what
    nobody has judged or seen. Refuse one whose arguments hold a secret in pieces: no reference stands for these."""
    pieces = [text for text in texts_in([*call.params.values()]) if _PIECE.fullmatch(text)]
    if len(pieces) > 1 and scattered(pieces, context.redactor):
        raise InputError("call", "has a secret in pieces in its arguments", "write secrets as SECRET_REF(name)")
    if (call.tool, call.params) == (clean.tool, clean.params):
        return
    for name in context.canaries.intersection(refs_in([clean.tool, clean.params])):
        raise CanaryError(f"secret {name}", "is a canary, which nobody uses", "find out who read it, and where")
    catalogue, workspace = context.policy.catalogue, context.workspace
    if not shows(bare_facts_of(clean, catalogue, workspace), bare_facts_of(call, catalogue, workspace)):
        raise InputError(
            "call",
            "does something inside of what looks like a secret",
            "write secrets as SECRET_REF(name), and quote them",
        )
