"""No plugin, no model: what must hold before a guarded agent may talk to a model, as pure decisions.

OpenClaw goes on without a plugin that does not load, and has ways to run an agent that load none. So the edge asks for
three things, each of which such a run cannot bring:

1. The agent's plugin has checked in of late, and what guards is registered in every copy of it that is loaded.
2. The request belongs to a turn that the plugin announced: its W3C trace id is known.
3. Every tool result that the request carries is of a call that the edge has decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from safety_core.errors import SafetyError
from safety_core.flow.egress_effects import Headers, Standing
from safety_core.flow.tool_results import ToolResult, says_nothing_ran, spellings
from safety_core.model.tool_call import AgentId
from safety_core.wire.presence import CheckIn

EVERYWHERE: Final = ("trusted_tool_policy", "before_tool_call", "tool_result_middleware")
"""What each copy must have registered: OpenClaw chooses the copy whose hooks it runs, and not always the same."""

REQUIRED: Final = (
    *EVERYWHERE,
    "after_tool_call",
    "tool_result_persist",
    "before_message_write",
    "message_sending",
    "reply_payload_sending",
    "before_agent_run",
    "before_prompt_build",
    "llm_output",
    "resolve_exec_env",
    "before_install",
    "subagent_spawned",
    "gateway_start",
    "gateway_stop",
)
"""What must be registered in some copy at least."""

NAMED: Final = 3
"""Ids of results that a refusal names; the rest are counted."""

_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?", re.DOTALL)
"""W3C Trace Context, section 3.2."""


class UnguardedError(SafetyError):
    """A request to a model that the agent's plugin does not stand behind."""


class HaltedError(SafetyError):
    """The kill switch of the agent is thrown."""


class Interlock(StrEnum):
    """What becomes of a request that the plugin does not stand behind."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    """It is audited, logged and forwarded."""
    OFF = "off"
    """Nobody looks."""


def incomplete(who: CheckIn) -> str:
    """Return why a check-in does not show that its agent is guarded, empty if it does."""
    if not who.process or not who.hooks:
        return "its plugin does not say which hooks it has registered; install the plugin of this version"
    if who.faults:
        return f"its plugin reports a fault: {who.faults[0]}"
    for copy, names in sorted(who.hooks.items()):
        lacking = [hook for hook in EVERYWHERE if hook not in names]
        if lacking:
            return f"copy {copy} of its plugin has not registered {', '.join(lacking)}"
    there = frozenset[str]().union(*who.hooks.values())
    lacking = [hook for hook in REQUIRED if hook not in there]
    return f"its plugin has not registered {', '.join(lacking)}" if lacking else ""


def trace_id(headers: Headers) -> str:
    """Return the trace id (32 hexadecimal digits) that a request's `traceparent` names, empty if it names none."""
    found = [value for name, value in headers if name.lower() == b"traceparent"]
    match = _TRACEPARENT.fullmatch(found[0].strip()) if len(found) == 1 else None
    return match[1].decode() if match else ""


def asked_spellings(results: Sequence[ToolResult]) -> frozenset[str]:
    """Return every spelling under which the call of one of `results` may have been decided."""
    return frozenset(spelling for result in results for spelling in spellings(result.id, len(results)))


def check_turn(agent: AgentId, standing: Standing, *, turn: bool = True) -> None:
    """Raise UnguardedError unless the plugin is there and, for a turn, has announced it."""
    if standing.trouble:
        raise UnguardedError(
            f"agent {agent}",
            f"no model is reached without its safety plugin: {standing.trouble}",
            "see `safety openclaw status`; start the agent in its gateway, with the plugin enabled",
        )
    if turn and not standing.announced:
        raise UnguardedError(
            f"agent {agent}",
            "this run was not announced by its safety plugin, so nothing guards it",
            "run it in the gateway (`openclaw agent`), not by `openclaw agent exec` or --local",
        )


def check_results(agent: AgentId, results: Sequence[ToolResult], standing: Standing) -> None:
    """Raise UnguardedError if one of `results` is of a call that the edge never decided."""
    strangers = [
        result.id
        for result in results
        if not says_nothing_ran(result) and standing.decided.isdisjoint(spellings(result.id, len(results)))
    ]
    if strangers:
        named = ", ".join(ascii(stranger[:60]) for stranger in strangers[:NAMED])
        more = f" and {len(strangers) - NAMED} more" if len(strangers) > NAMED else ""
        raise UnguardedError(
            f"agent {agent}",
            f"the conversation holds results of tool calls that were never put to the edge ({named}{more})",
            "begin a new session (/new); if it happens again, see `safety openclaw status`",
        )
