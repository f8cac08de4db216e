"""What a call would do, extracted by code and judged by policy. Facts never say "good" or "bad"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from safety_core.canonical import Json, JsonObject


class Kind(StrEnum):
    """What one action does to the world."""

    READ = "read"
    WRITE = "write"
    OUTWARD = "outward"
    DESTROY = "destroy"
    MONEY = "money"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    RUN_CODE = "run_code"
    CONTROL = "control"
    """Changes the guard itself or what keeps the machine alive: policy, audit, plugins, services, the kernel."""
    UNKNOWN = "unknown"


class Zone(StrEnum):
    """Where a target lies."""

    WORKSPACE = "workspace"
    TEMPORARY = "temporary"
    HOME = "home"
    SENSITIVE = "sensitive"
    SYSTEM = "system"
    DEVICE = "device"
    ROOT = "root"
    LOCAL = "local"
    """A host on this machine."""
    OUTSIDE = "outside"
    """A path outside of the workspace that is none of the above, or a host or person outside of the tenant."""
    UNKNOWN = "unknown"


class TargetKind(StrEnum):
    """What sort of thing a target is."""

    PATH = "path"
    HOST = "host"
    RECIPIENT = "recipient"
    AMOUNT = "amount"
    """A sum of money, as a person reads it."""
    DATA = "data"
    """A table, record, branch, container, cluster resource, queue."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing an action touches."""

    kind: TargetKind
    value: str
    zone: Zone = Zone.UNKNOWN

    def to_json(self) -> JsonObject:
        """Return the form in which policy rules see it."""
        return {"kind": self.kind.value, "value": self.value, "zone": self.zone.value}


@dataclass(frozen=True, slots=True)
class Action:
    """One effect of a call.

    Attributes:
        kind: what it does.
        subject: program or tool, in canonical spelling ("git", "message").
        form: the words that were recognised ("git push", "message send").
        targets: what it touches.
        traits: what makes it graver or milder, in a closed vocabulary kept in `policies/schema/`
            ("recursive", "forced", "wildcard", "unbounded", "privileged", "mass", "production" ...).
        words: what it does, for a shop owner ("deletes files and folders").
    """

    kind: Kind
    subject: str
    form: str
    targets: tuple[Target, ...] = ()
    traits: frozenset[str] = frozenset()
    words: str = ""

    def to_json(self) -> JsonObject:
        """Return the form in which policy rules see it."""
        traits: list[Json] = [*sorted(self.traits)]
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "form": self.form,
            "targets": [target.to_json() for target in self.targets],
            "traits": traits,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the policy may know about a call.

    Attributes:
        tool: canonical tool name.
        agent: the agent's name, for per-agent rules.
        actions: every effect that was recognised.
        unknown: what could not be understood, in words; never empty for a call that was not understood whole.
        refs: names of the secrets it refers to.
        discovered: those of `refs` that were found by a scanner, not registered by a person.
    """

    tool: str
    agent: str
    actions: tuple[Action, ...] = ()
    unknown: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    discovered: tuple[str, ...] = ()

    @property
    def outward(self) -> bool:
        """True where anything reaches a person or system outside of the tenant."""
        return any(action.kind is Kind.OUTWARD for action in self.actions)

    @property
    def recipients(self) -> tuple[Target, ...]:
        """Whom and what the outward actions reach, in order, without repeats."""
        found = (
            target
            for action in self.actions
            if action.kind is Kind.OUTWARD
            for target in action.targets
            if target.kind in {TargetKind.RECIPIENT, TargetKind.HOST}
        )
        return tuple(dict.fromkeys(found))

    @property
    def size(self) -> int:
        """About how many bytes of memory these facts take."""
        texts = [*self.unknown, *self.refs]
        for action in self.actions:
            texts += [action.form, *(target.value for target in action.targets), *action.traits]
        return 1000 * (1 + len(self.actions)) + sum(100 + 4 * len(text) for text in texts)

    def to_json(self) -> JsonObject:
        """Return the document that policy rules see as `input`; its canonical form is the memo key."""
        return {
            "tool": self.tool,
            "agent": self.agent,
            "actions": [action.to_json() for action in self.actions],
            "unknown": [*self.unknown],
            "refs": [*self.refs],
            "discovered": [*self.discovered],
        }
