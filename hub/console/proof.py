"""By what a person may approve: their passkey, a one-time code, or the hub's word alone. The edge has the last word.

The policy that was published last is read for it; where the hub knows of none, the hub's own rule holds: what asks for
a strong approver is not the hub's to approve.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hub.context import Context
from hub.people import totp
from hub.policy.reading import policy_of
from hub.roles import Person
from hub.store import passkeys
from hub.store.passkeys import Passkey
from safety_core.approve import key_id
from safety_core.model.approval import ApprovalRequest
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person may say yes to some questions of one tenant.

    Attributes:
        passkeys: theirs that policy pins, the one used last first.
        plain: the hub's key is enough.
        code: the hub's key is enough together with a one-time code.
    """

    passkeys: tuple[Passkey, ...] = ()
    plain: bool = False
    code: bool = False

    @property
    def none(self) -> bool:
        """Whether this person cannot approve here at all."""
        return not (self.passkeys or self.plain or self.code)


async def ways(context: Context, person: Person, tenant: TenantId, asked: Collection[ApprovalRequest]) -> Ways:
    """Return how `person` may approve all of these questions."""
    policy = await policy_of(context, tenant)
    async with context.database.read() as connection:
        own = await passkeys.of_person(connection, person.id)
    strong = any(question.strong for question in asked)
    gravest = max((question.level for question in asked), default=Level.GREEN)
    hub = _hub_key(context, policy)
    if policy is None:
        return Ways(plain=not strong)
    enough = hub is not None and gravest <= hub.up_to
    return Ways(
        passkeys=tuple(passkey for passkey in _by_use(own) if _pinned(passkey, person, policy, gravest)),
        plain=enough and not strong,
        code=enough and strong and hub is not None and hub.strong and await totp.has(context, person),
    )


def pinned(passkey: Passkey, person: Person, policy: Policy) -> ApproverKey | None:
    """Return the key under which a policy pins this passkey for this person."""
    own = key_id(KeyKind.PASSKEY, passkey.spki)
    return next(
        (key for key in policy.approvers if key.id == own and (not key.names or person.name in key.names)), None
    )


def _pinned(passkey: Passkey, person: Person, policy: Policy, level: Level) -> bool:
    key = pinned(passkey, person, policy)
    return key is not None and level <= key.up_to


def _hub_key(context: Context, policy: Policy | None) -> ApproverKey | None:
    own = key_id(KeyKind.HUB, bytes(context.keys.approvals.verify_key))
    return next((key for key in policy.approvers if key.id == own), None) if policy is not None else None


def _by_use(own: tuple[Passkey, ...]) -> list[Passkey]:
    return sorted(own, key=lambda passkey: passkey.used or passkey.created, reverse=True)


@dataclass(frozen=True, slots=True)
class OutwardWay:
    """How a person may make an outward grant: by a passkey, or (None) by the hub's word; for `longest` seconds at most.

    `longest` is 0 where they may make none.
    """

    passkey: Passkey | None = None
    longest: int = 0


async def outward_way(context: Context, person: Person, tenant: TenantId) -> OutwardWay:
    """Return how `person` may give an agent of the tenant leave to reach somebody outside."""
    policy = await policy_of(context, tenant)
    if policy is None:
        return OutwardWay()
    async with context.database.read() as connection:
        own = await passkeys.of_person(connection, person.id)
    for passkey in _by_use(own):
        key = pinned(passkey, person, policy)
        if key is not None and _gives(key):
            return OutwardWay(passkey, key.outward_seconds)
    hub = _hub_key(context, policy)
    return OutwardWay(longest=hub.outward_seconds) if hub is not None and _gives(hub) else OutwardWay()


def _gives(key: ApproverKey) -> bool:
    return key.outward_seconds > 0 and key.up_to >= Level.YELLOW_EXTERNAL
