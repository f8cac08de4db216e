"""What another try of a plan does, where nobody knows whether the first came about."""

from __future__ import annotations

from typing import Final, assert_never

from safety_core.canonical import JsonObject
from safety_core.model.execution import Repeat
from safety_core.model.facts import Facts, Kind
from safety_core.resolve.plan import ArgvPlan, FilePlan, HttpPlan, Plan, ServicePlan, ShellPlan

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110, section 9.2.1."""


def repeat_of(plan: Plan, facts: Facts, catalogue: JsonObject) -> Repeat:
    """Return it; what is not known to be harmless asks. A call that was understood whole and only reads is safe."""
    if not facts.unknown and facts.actions and all(action.kind is Kind.READ for action in facts.actions):
        return Repeat.SAFE
    match plan:
        case HttpPlan(method=method, keyed=keyed):
            return Repeat.SAFE if method in SAFE_METHODS else Repeat.KEYED if keyed else Repeat.ASK
        case FilePlan(operation=operation):
            return Repeat.SAFE if operation in {"read", "write"} else Repeat.ASK
        case ServicePlan(adapter=adapter):
            return _of_adapter(adapter, catalogue)
        case ShellPlan() | ArgvPlan():
            return Repeat.ASK
        case _:
            assert_never(plan)


def _of_adapter(adapter: str, catalogue: JsonObject) -> Repeat:
    adapters = catalogue.get("adapters")
    manifest = adapters.get(adapter) if isinstance(adapters, dict) else None
    word = manifest.get("repeat") if isinstance(manifest, dict) else None
    return Repeat(word) if word in set(Repeat) else Repeat.ASK
