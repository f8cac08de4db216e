"""Three ordered scales: how grave a call is, how free an agent is, what the gate says."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


class _Scale(IntEnum):
    """An ordered scale whose members are written in lower case on the wire."""

    @property
    def word(self) -> str:
        """The member's name as it is written in policies, messages and JSON."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Self | None:
        """Return the member that is written so, or None."""
        return next((member for member in cls if member.word == word), None)


class Level(_Scale):
    """How grave a call is. An unknown tool, an unparsable command or a missing field is never GREEN."""

    GREEN = 0
    """Reads; no lasting effect."""
    YELLOW = 1
    """Changes inside the tenant that are easy to undo."""
    YELLOW_EXTERNAL = 2
    """Reaches a person or system outside: mail, chat, post, publish, webhook, push, upload."""
    RED = 3
    """Hard to undo, money, credentials, permissions, production data."""
    CRITICAL_RED = 4
    """Mass or irreversible destruction, disabling safety, exfiltration of secrets."""


class Tier(_Scale):
    """How much autonomy the customer gave an agent."""

    SUPERVISED = 1
    TRUSTED = 2
    AUTONOMOUS = 3


class Outcome(_Scale):
    """What the gate says, as a lattice: the join of two outcomes is the larger one."""

    ALLOW = 0
    ASK = 1
    ASK_STRONG = 2
    DENY = 3
