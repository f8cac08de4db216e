"""How a release goes out: waves, each of named tenants or up to a share of all, each watched for a while. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import Reader
from safety_core.wire.signed import tenant_id

WAVES: Final = 50
NAMED: Final = 1000
SOAK_LIMIT: Final = 30 * 86400
"""Seconds. No timestamp of a publication lives as long, so a longer soak is a mistake."""


@dataclass(frozen=True, slots=True)
class Wave:
    """One step.

    Attributes:
        tenants: these, by name.
        percent: or so many of a release's tenants in all, those of the waves before counted; 0 where they are named.
        soak: seconds that it is watched before the next begins.
    """

    tenants: tuple[TenantId, ...] = ()
    percent: int = 0
    soak: int = 0

    def to_json(self) -> JsonObject:
        """Return the form on the wire."""
        who: JsonObject = {"tenants": [*self.tenants]} if self.tenants else {"percent": self.percent}
        return {**who, "soak": self.soak}


@dataclass(frozen=True, slots=True)
class Plan:
    """All waves, in order. The last one is 100 percent, so that nobody is left behind."""

    waves: tuple[Wave, ...]

    def to_json(self) -> list[Json]:
        """Return the form on the wire."""
        return [wave.to_json() for wave in self.waves]


AT_ONCE: Final = Plan((Wave(percent=100),))


def plan_from_json(body: Reader) -> Plan:
    """Return the plan in the field `waves` of `body`; everybody at once where there is none.

    Raises:
        InputError: naming the wave that is wrong.
    """
    if not body.has("waves"):
        return AT_ONCE
    waves = tuple(_wave(entry) for entry in body.objects("waves", limit=WAVES))
    if not waves or waves[-1].percent != 100:
        raise InputError("waves", "do not end with everybody", 'end them with {"percent": 100}')
    shares = [wave.percent for wave in waves if wave.percent]
    if shares != sorted(set(shares)):
        raise InputError("waves", "do not grow", "let each percent be more than the one before")
    return Plan(waves)


def _wave(entry: Reader) -> Wave:
    names = tuple(tenant_id(name) for name in entry.texts("tenants", ()))
    percent = entry.integer("percent", 0, maximum=100)
    wave = Wave(names, percent, entry.integer("soak", 0, maximum=SOAK_LIMIT))
    entry.done()
    if bool(names) == bool(percent) or len(names) > NAMED:
        raise InputError(entry.path, f"must name up to {NAMED} tenants, or say percent, and not both")
    return wave


def assigned(plan: Plan, tenants: Iterable[TenantId], salt: str) -> Mapping[TenantId, int]:
    """Return in which wave each tenant is. The same for the same release, and another order for another one.

    Raises:
        InputError: a wave names a tenant that has no publication.
    """
    rest = sorted(tenants, key=lambda tenant: hashlib.sha256(f"{salt}/{tenant}".encode()).digest())
    total, found = len(rest), dict[TenantId, int]()
    for number, wave in enumerate(plan.waves):
        missing = next((tenant for tenant in wave.tenants if tenant not in rest and tenant not in found), None)
        if missing is not None:
            raise InputError(f"waves[{number}]", f"names {missing}, which has no publication in this release")
        share = -(-total * wave.percent // 100) - len(found)
        chosen = wave.tenants or tuple(rest[: max(0, share)])
        found |= {tenant: number for tenant in chosen if tenant not in found}
        rest = [tenant for tenant in rest if tenant not in found]
    return found
