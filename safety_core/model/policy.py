"""What a trusted bundle says, as values. Parsed from the bundle's data by `safety_core.bundle.policy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.model.approval import KeyId
from safety_core.model.blueprint import ONE_BY_ONE, Blueprints, PlanRules
from safety_core.model.budget import UNBOUND, Budget
from safety_core.model.connection import Connections
from safety_core.model.forward import ForwardPolicy
from safety_core.model.level import Level, Outcome, Tier
from safety_core.model.prices import Prices
from safety_core.model.tool_call import AgentId, TenantId

GRACE_SECONDS: Final = 72 * 3600.0
"""How long the last bundle is believed past its expiry while nothing newer can be had: a long weekend."""


SUBAGENT_DEPTH: Final = 1
"""Generations below a person's own session: a helper of an agent starts no helpers. OpenClaw's own default too."""

SUBAGENTS_RUNNING: Final = 4
"""Helpers of one agent at the same time; enough to share out work, and few enough for a person to follow."""


class KeyKind(StrEnum):
    """Who holds an approval key.

    The hub; one person on their own device, by a key file or a passkey (the strong approvers); or the edge, for a chat
    channel's buttons.
    """

    HUB = "hub"
    PERSON = "person"
    PASSKEY = "passkey"
    CHANNEL = "channel"


SCREENS: Final = frozenset({"console", "cli", "api"})
"""Channels by which a person sees the whole call as they answer: the hub's key is good there unless policy says
otherwise, and there alone may anything critical be approved."""


class Sandbox(StrEnum):
    """Whether an agent's tools must run inside the agent program's own sandbox (layer 1)."""

    ANY = "any"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class ApproverKey:
    """A key whose grants the edge accepts, up to a level.

    Attributes:
        public: Ed25519 public key, 64 hexadecimal digits; a passkey's is its SubjectPublicKeyInfo (DER), base64.
        up_to: the gravest level that it may approve.
        channels: of a hub's key, by the first word of a grant's origin ("email"), the gravest level that may be
            approved there. What is not named may approve nothing but by the console, the command line or the API.
        strong: of a hub's key, that its word is enough that a strong approver gave a one-time code (TOTP).
        outward_seconds: how long an outward grant under this key may hold at most; 0 for none.
        site: of a passkey, the origin of the console on which it may sign ("https://hub.example").
        names: whose key it is: the only names under which its grants count; empty for any (the hub's).
    """

    id: KeyId
    kind: KeyKind
    public: str
    up_to: Level
    channels: Mapping[str, Level] = field(default_factory=dict)
    strong: bool = False
    outward_seconds: int = 0
    site: str = ""
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subagents:
    """How many helpers an agent may start.

    Attributes:
        depth: generations below a person's own session; 0 allows none, 1 allows helpers that start none themselves.
        running: helpers of all generations at the same time.
    """

    depth: int = SUBAGENT_DEPTH
    running: int = SUBAGENTS_RUNNING


@dataclass(frozen=True, slots=True)
class AgentManifest:
    """What one agent may reach.

    Attributes:
        tools: canonical names; None means every tool (the policy still judges each call).
        secrets: names of the secrets that its calls may use; None means every one.
        budget: what it may spend on models.
        connections: names of the connected services that it may use; None means every one.
    """

    name: AgentId
    tier: Tier
    tools: frozenset[str] | None = None
    secrets: frozenset[str] | None = None
    sandbox: Sandbox = Sandbox.ANY
    subagents: Subagents = Subagents()
    budget: Budget = UNBOUND
    connections: frozenset[str] | None = None

    def reached(self, connections: Connections) -> Connections:
        """Return those of `connections` that this agent may use."""
        allowed = self.connections
        if allowed is None:
            return connections
        return {name: connection for name, connection in connections.items() if name in allowed}

    def may_use(self, secret: str) -> bool:
        """Tell whether a call of this agent may use the secret of this name."""
        return self.secrets is None or secret in self.secrets


@dataclass(frozen=True, slots=True)
class OutwardGrant:
    """A standing, signed permission to reach one recipient or domain. It makes an outward call `yellow`, never less.

    Attributes:
        recipient: an address, or "@example.com" for a whole domain, or a host name.
        not_after: seconds since the epoch.
    """

    agent: AgentId
    tool: str
    recipient: str
    not_after: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """One provider pattern: a regular expression with the checks that confirm a hit.

    Attributes:
        expression: what finds it, in the syntax of Hyperscan and `regex` alike.
        group: number of the capture group that is the secret itself.
        check: name of a structure check in `safety_core.match.checks`, or empty.
        keywords: lower-case words of which one must stand in the text.
        min_entropy: bits per character that the secret must have, 0 for none.
    """

    id: str
    title: str
    expression: str
    group: int = 0
    check: str = ""
    keywords: tuple[str, ...] = ()
    min_entropy: float = 0.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the pure core needs to judge and gate.

    Attributes:
        revision: short name of exactly this bundle (the head of its digest); bound into grants and audit.
        version: TUF targets version, grows with every publication.
        matrix: outcome by (level, tier), checked against both monotony properties when parsed.
        floors: ids of rules whose hits are denied whatever anyone approves.
        catalogue: programs and tools by name, as `safety_core.classify` reads them.
        volatile: per tool, the arguments that are left out of the action digest ("timeout").
        floor_reasons: by rule id, why its floor is one.
        forward: where other software than the model's clients may go.
        budget: what all agents together may spend on models.
        prices: what models cost.
        quorum: how many people have to approve, by level; one where it is not named.
        plans: whether one answer may cover a whole plan.
        blueprints: the workflows that the security team has written down.
    """

    tenant: TenantId
    revision: str
    version: int
    matrix: Mapping[tuple[Level, Tier], Outcome]
    floors: frozenset[str]
    agents: Mapping[AgentId, AgentManifest]
    default_tier: Tier
    approvers: tuple[ApproverKey, ...]
    outward: tuple[OutwardGrant, ...]
    patterns: tuple[Pattern, ...]
    catalogue: JsonObject
    volatile: Mapping[str, frozenset[str]]
    floor_reasons: Mapping[str, str] = field(default_factory=dict)
    forward: ForwardPolicy = field(default_factory=ForwardPolicy)
    budget: Budget = UNBOUND
    prices: Prices = field(default_factory=Prices)
    quorum: Mapping[Level, int] = field(default_factory=dict)
    plans: PlanRules = ONE_BY_ONE
    blueprints: Blueprints = field(default_factory=dict)

    def agent(self, name: AgentId) -> AgentManifest:
        """Return the manifest of an agent; one that no manifest names gets the default tier."""
        return self.agents.get(name) or AgentManifest(name, self.default_tier)
