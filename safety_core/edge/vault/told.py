"""What may be told of a secret, and what is new in a vault since a moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.terms import Terms


@dataclass(frozen=True, slots=True)
class VaultEntry:
    """What may be told about a secret. `changed`: seconds since the epoch."""

    name: SecretName
    version: int
    changed: float
    terms: Terms = field(default_factory=Terms)

    @property
    def discovered(self) -> bool:
        """Whether a scanner found it."""
        return self.terms.discovered


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a secret.

    Attributes:
        changed: when it was put in, seconds since the epoch.
        until: of an earlier one, how long it is still looked for and may still be used; 0 for no longer at all.
        current: it is the one that references mean.
    """

    number: int
    changed: float
    until: float = 0.0
    current: bool = False


@dataclass(frozen=True, slots=True)
class Former:
    """A value that was rotated away and still counts, `until` then (seconds since the epoch)."""

    version: int
    until: float
    value: SecretValue


@dataclass(frozen=True, slots=True)
class VaultChanges:
    """What is new since a generation.

    Attributes:
        generation: what to ask with next time.
        whole: `values` is all there is; forget the rest.
        values: by name, what was put or rotated and is still there.
        gone: names that were removed; some may never have been seen.
        formers: earlier values that still count, by names that are among `values`.
        canaries: those among `values` that are canaries.
        limited: those among `values` that only these agents may use.
    """

    generation: int
    whole: bool
    values: Mapping[SecretName, SecretValue]
    gone: frozenset[SecretName] = frozenset()
    formers: Mapping[SecretName, tuple[Former, ...]] = field(default_factory=dict)
    canaries: frozenset[SecretName] = frozenset()
    limited: Mapping[SecretName, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UseEntry:
    """One use: who was given which version of a secret, for which tool and call. `at`: seconds since the epoch."""

    at: float
    name: SecretName
    version: int
    agent: str
    tool: str
    call: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often a canary was seen, and when last (seconds since the epoch)."""

    name: SecretName
    times: int
    last: float
