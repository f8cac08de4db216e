"""Exchanges as watchers see them, made up."""

from __future__ import annotations

from typing import Any

from proxy.providers.dialects import DIALECTS
from proxy.providers.prefix import prefix_of
from safety_core.flow.dialect import Operation, Purpose
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.meter.prefix import Prefix
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import Usage

USAGE = Usage(input_total=100, output_total=20, cache_read=60, cache_write=10, reasoning=5)


def prompt(agent: str = "ada", provider: str = "openai", **changes: Any) -> Prompt:
    given: dict[str, Any] = {
        "agent": AgentId(agent),
        "provider": provider,
        "dialect": DIALECTS["openai"],
        "operation": Operation(Purpose.TURN),
        "secret": None,
        "method": "POST",
        "target": "/v1/chat/completions",
        "headers": (),
        "body": b'{"model": "m-1", "messages": []}',
    }
    return Prompt(**{**given, **changes})


def exchange(**changes: Any) -> Exchange:
    given: dict[str, Any] = {"id": "x1", "status": 200, "usage": USAGE, "model": "m-1", "findings": 2}
    return Exchange(**{**given, **changes})


def began(model: str = "m-1", **fields: Any) -> Prefix:
    found = prefix_of(fields, model)
    assert found is not None
    return found
