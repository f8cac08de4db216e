"""One agent, one secret, one policy: what the tests of a tool call start from."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from nacl.signing import SigningKey

from safety_core.canonical import JsonObject
from safety_core.edge.shipped import shipped_bundle
from safety_core.flow.answers import Context
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.approval import Approval, Grant
from safety_core.model.level import Level, Tier
from safety_core.model.policy import AgentManifest, KeyKind, Policy
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId, CallId, SessionId, ToolCall
from safety_core.redact.redactor import Redactor
from tests.simulators.policies import TENANT, approver, policy, signed_grant
from tests.simulators.world import World

HUB, OLGA = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)
KEY = b"k" * 32
SHOP = SecretName("shop_key")
PLAIN = "Zx9-plainly-invented-" + "Qw7"
AGENT = AgentId("helper")


@cache
def catalogue() -> JsonObject:
    return shipped_bundle().policy.catalogue


def rules(tier: Tier = Tier.TRUSTED, manifest: AgentManifest | None = None, **changes: Any) -> Policy:
    keys = (
        approver(HUB, "hub", KeyKind.HUB, Level.RED, outward_seconds=7 * 24 * 3600),
        approver(OLGA, "olga", KeyKind.PERSON, Level.CRITICAL_RED),
    )
    agents = {AGENT: manifest or AgentManifest(AGENT, tier)}
    return policy(catalogue=catalogue(), approvers=keys, agents=agents, **changes)


@cache
def redactor() -> Redactor:
    return Redactor(Matcher(Registry({SHOP: SecretValue(PLAIN)}), PatternSet(())), KEY)


def context(tier: Tier = Tier.TRUSTED, *, wait: float = 0.0, **changes: Any) -> Context:
    return Context(rules(tier, **changes), redactor(), workspace="/srv/agent", wait=wait)


def call(command: str = "ls", *, identity: str = "c1") -> ToolCall:
    return ToolCall(CallId(identity), TENANT, AGENT, SessionId("s1"), "exec", {"command": command})


def world(level: Level = Level.GREEN, **changes: Any) -> World:
    return World(rules().revision, level, vault={SHOP: SecretValue(PLAIN)}, **changes)


def hub_says(allow: bool) -> Callable[[Approval], Grant | None]:
    return lambda approval: signed_grant(HUB, approval.request, allow=allow)
