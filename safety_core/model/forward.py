"""Where software other than the agent's model client may go, as signed policy says (policies/egress.yaml)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from safety_core.model.tool_call import AgentId


class How(StrEnum):
    """What is done with a connection to a listed host."""

    TUNNEL = "tunnel"
    INTERCEPT = "intercept"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class ForwardRule:
    """One listed host.

    Attributes:
        host: a name in lower case, which covers itself alone; with a dot in front of it, what lies below it alone.
        ports: TCP ports; there are no others.
        how: tunnel (TLS, passed on unread), intercept (TLS, opened with the local CA and scanned), or plain (http://,
            scanned).
        methods: HTTP methods; None means every one. Known of what is scanned only.
        agents: clients of the edge; None means every one.
        body_limit: bytes of one request's body; None means the edge's own limit.
        strict: an agent itself sends to it and reads its answers: every kind of secret is refused, data out of sight,
            and answers that speak to a model.
        why: for people.
    """

    host: str
    ports: tuple[int, ...]
    how: How
    methods: frozenset[str] | None = None
    agents: frozenset[AgentId] | None = None
    body_limit: int | None = None
    strict: bool = False
    why: str = ""

    def covers(self, host: str) -> bool:
        """Tell whether `host` (lower case) is the listed name, or lies below it where the rule begins with a dot."""
        return host.endswith(self.host) if self.host.startswith(".") else host == self.host


@dataclass(frozen=True, slots=True)
class ForwardPolicy:
    """Every listed host. What is not listed is refused; an empty list refuses everything."""

    hosts: tuple[ForwardRule, ...] = ()

    def find(self, host: str, port: int) -> tuple[ForwardRule, ...]:
        """Return the rules for `host` (lower case) and `port` that name it most closely; several are for other agents
        each."""
        found = [rule for rule in self.hosts if port in rule.ports and rule.covers(host)]
        closest = max((not rule.host.startswith("."), len(rule.host)) for rule in found) if found else None
        return tuple(rule for rule in found if (not rule.host.startswith("."), len(rule.host)) == closest)

    def covers(self, host: str) -> bool:
        """Tell whether any rule is about `host`, whatever the port."""
        return any(rule.covers(host) for rule in self.hosts)
