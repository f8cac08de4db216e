"""On what terms a secret may be used: by whom, by which tools, until when. A canary by nobody."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import CanaryError, ExpiredSecretError, ForbiddenSecretError, InputError
from safety_core.model.secret import SecretName, Use

WARN_SECONDS: Final = 14 * 86400.0
"""How long before its end a secret is told of: two weeks, so that a person is back from a holiday."""

_FIELDS: Final = frozenset({"agents", "canary", "discovered", "expires", "lifetime", "tools"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one secret, whatever its value is.

    Attributes:
        discovered: a scanner found it, no person registered it.
        agents: those whose calls and prompts may use it; None for every one that policy lets.
        tools: canonical names of the tools whose calls may use it; None for every tool.
        expires: when its value is no longer used, seconds since the epoch; None for never.
        lifetime: seconds that each value lasts; None where no end is set.
        canary: of which kind the canary is; empty for a real secret.
    """

    discovered: bool = False
    agents: frozenset[str] | None = None
    tools: frozenset[str] | None = None
    expires: float | None = None
    lifetime: float | None = None
    canary: str = ""

    def demand(self, name: SecretName, use: Use, now: float) -> None:
        """Return if `use` may have the secret.

        Raises:
            CanaryError: it is none to be used.
            ForbiddenSecretError: the agent or the tool is not allowed.
            ExpiredSecretError: its time is over.
        """
        thing = f"secret {name}"
        if self.canary:
            raise CanaryError(thing, "is a canary, which nobody uses", "find out who read it, and where")
        for word, who, allowed in (("agent", use.agent, self.agents), ("tool", use.tool, self.tools)):
            if allowed is not None and who not in allowed:
                fix = f"a person may allow it: safety secret allow {name} --{word} {word.upper()}"
                raise ForbiddenSecretError(thing, f"is not for this {word}", fix)
        if self.expires is not None and now >= self.expires:
            raise ExpiredSecretError(thing, f"expired on {day(self.expires)}", f"safety secret rotate {name}")

    def renewed(self, now: float) -> Terms:
        """Return the terms of a value that a person has put in the secret's place now."""
        expires = None if self.lifetime is None else now + self.lifetime
        return replace(self, discovered=False, canary="", expires=expires)

    def lasting(self, seconds: float | None, now: float) -> Terms:
        """Return the same terms with an end `seconds` from now, and as long for each value that follows; or none."""
        return replace(self, lifetime=seconds, expires=None if seconds is None else now + seconds)

    def ending(self, now: float) -> bool:
        """Tell whether the end is near or past."""
        return self.expires is not None and now >= self.expires - WARN_SECONDS

    def to_text(self) -> str:
        """Return the form that the vault binds to the value: one text for one meaning."""
        fields: JsonObject = {
            "agents": _listed(self.agents),
            "canary": self.canary,
            "discovered": self.discovered,
            "expires": self.expires,
            "lifetime": self.lifetime,
            "tools": _listed(self.tools),
        }
        return canonical_bytes(fields).decode()


@lru_cache(maxsize=256)
def terms_of(text: str) -> Terms:
    """Return what `to_text` has written, the same object for the same text. Raises InputError: a newer program wrote
    it."""
    fields = json.loads(text)
    if set(fields) != _FIELDS:
        raise InputError("terms of a secret", "were written by another version", "use the newest version everywhere")
    return Terms(
        fields["discovered"],
        _set(fields["agents"]),
        _set(fields["tools"]),
        fields["expires"],
        fields["lifetime"],
        fields["canary"],
    )


def day(at: float) -> str:
    """Return a time as people read it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _listed(names: frozenset[str] | None) -> Json:
    return None if names is None else [*sorted(names)]


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
