"""What agents.yaml says of each agent -> `AgentManifest`. Every field has a default, and none is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from safety_core.errors import PolicyError
from safety_core.model.budget import ALERT_AT, UNBOUND, Budget
from safety_core.model.level import Tier
from safety_core.model.policy import SUBAGENT_DEPTH, SUBAGENTS_RUNNING, AgentManifest, Sandbox, Subagents
from safety_core.model.secret import NAME
from safety_core.model.tool_call import AgentId
from safety_core.model.usage import NANO
from safety_core.wire.reader import Reader

DEEPEST: Final = 8
"""Generations of subagents that a manifest may allow; no person can follow who asked for what any deeper."""

MOST_RUNNING: Final = 1000
"""Subagents of one agent at the same time that a manifest may allow, far more than one machine runs."""

MOST_TOKENS: Final = 10**15
"""Tokens that a budget may allow: more than any provider sells, and exact in every JSON reader."""

MOST_DOLLARS: Final = 10**9
"""US dollars that a budget may allow."""


def parse_agents(reader: Reader, default_tier: Tier) -> Mapping[AgentId, AgentManifest]:
    """Return the manifests by agent.

    Args:
        default_tier: of an agent that names none.

    Raises:
        PolicyError, InputError: naming the field ("data.agents.shop.subagents.depth"), the reason and the fix.
    """
    return {AgentId(name): _manifest(AgentId(name), reader.object(name), default_tier) for name in reader.keys()}  # noqa: SIM118


def _manifest(name: AgentId, entry: Reader, default_tier: Tier) -> AgentManifest:
    manifest = AgentManifest(
        name,
        _tier(entry, default_tier),
        frozenset(entry.texts("tools")) if entry.has("tools") else None,
        _secrets(entry) if entry.has("secrets") else None,
        _sandbox(entry),
        _subagents(entry.object("subagents")) if entry.has("subagents") else Subagents(),
        parse_budget(entry.object("budget")) if entry.has("budget") else UNBOUND,
        frozenset(entry.texts("connections")) if entry.has("connections") else None,
    )
    entry.done()
    return manifest


def _tier(entry: Reader, default: Tier) -> Tier:
    word = entry.text("tier", default.word)
    tier = Tier.named(word)
    if tier is None:
        words = ", ".join(member.word for member in Tier)
        raise PolicyError(f"{entry.path}.tier", f"{word[:40]!r} is not one of {words}", "write one of them")
    return tier


def _secrets(entry: Reader) -> frozenset[str]:
    """The error does not repeat the name: where a name is expected, somebody may have written the secret itself."""
    names = entry.texts("secrets")
    for index, name in enumerate(names):
        if not NAME.fullmatch(name):
            raise PolicyError(
                f"{entry.path}.secrets[{index}]",
                "is not the name of a secret",
                "write a name as safety secret list shows it: a letter, then A-Z a-z 0-9 _ . -",
            )
    return frozenset(names)


def _sandbox(entry: Reader) -> Sandbox:
    word = entry.text("sandbox", Sandbox.ANY.value)
    if word not in {member.value for member in Sandbox}:
        raise PolicyError(f"{entry.path}.sandbox", f"{word[:40]!r} is not one of any, required", "write one of them")
    return Sandbox(word)


def _subagents(entry: Reader) -> Subagents:
    limits = Subagents(
        entry.integer("depth", SUBAGENT_DEPTH, maximum=DEEPEST),
        entry.integer("running", SUBAGENTS_RUNNING, maximum=MOST_RUNNING),
    )
    entry.done()
    return limits


def parse_budget(entry: Reader) -> Budget:
    """Return the limits of one spender.

    Raises:
        PolicyError, InputError: naming the field ("data.budget.usd_per_day"), the reason and the fix.
    """
    unpriced = entry.text("unpriced", "refuse")
    if unpriced not in {"refuse", "allow"}:
        fix = "write refuse, or allow: such a model's cost is then not counted"
        raise PolicyError(f"{entry.path}.unpriced", f"{unpriced[:40]!r} is not one of refuse, allow", fix)
    budget = Budget(
        _tokens(entry, "tokens_per_day"),
        _tokens(entry, "tokens_per_month"),
        _dollars(entry, "usd_per_day"),
        _dollars(entry, "usd_per_month"),
        entry.integer("alert_at", ALERT_AT, minimum=1, maximum=100),
        unpriced == "allow",
    )
    entry.done()
    if not budget.limits():
        fix = "add tokens_per_day, tokens_per_month, usd_per_day or usd_per_month, or leave the budget out"
        raise PolicyError(entry.path, "has no limit", fix)
    return budget


def _tokens(entry: Reader, field: str) -> int | None:
    return entry.integer(field, minimum=1, maximum=MOST_TOKENS) if entry.has(field) else None


def _dollars(entry: Reader, field: str) -> int | None:
    """Return nano-dollars: what the shortest decimal text of the number says."""
    if not entry.has(field):
        return None
    dollars = entry.number(field)
    nano = int(Decimal(repr(dollars)) * NANO) if 0 < dollars <= MOST_DOLLARS else 0
    if not nano:
        raise PolicyError(f"{entry.path}.{field}", f"must lie in 0 to {MOST_DOLLARS} US dollars, and not be 0")
    return nano
