"""Whom a tenant's messages reach, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from hub.roles import Role
from hub.store import channels, delegations, telling, webhooks
from hub.store.channels import Channel
from hub.store.telling import Telling
from hub.store.webhooks import Webhook
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Audience:
    """Who answers at a tenant, and who looks after it.

    Attributes:
        steps: people who answer (ids), with the step in which they are told: 0 first.
        carers: people who look after the tenant (ids).
        known: channels of all of them.
        hooks: where events are sent to.
    """

    telling: Telling
    steps: Mapping[str, int]
    carers: frozenset[str]
    known: tuple[Channel, ...]
    hooks: tuple[Webhook, ...]

    @property
    def anybody(self) -> bool:
        """Tell whether a question reaches anybody at all."""
        return bool(self.hooks) or any(channel.person in self.steps for channel in self.known)

    @property
    def last_step(self) -> int:
        """The last step in which somebody is."""
        return max(self.steps.values(), default=0)

    def channels(self, step: int, *, exact: bool = False) -> tuple[Channel, ...]:
        """Return the channels of all who are told up to `step`, or (exact) just then."""

        def told(person: str) -> bool:
            theirs = self.steps.get(person)
            return theirs is not None and (theirs == step if exact else theirs <= step)

        return tuple(channel for channel in self.known if told(channel.person))

    def for_alerts(self) -> tuple[Channel, ...]:
        """Return the channels for what needs a look; those that do not work are left out: they may be what it is."""
        concerned = self.carers | self.steps.keys()
        return tuple(item for item in self.known if item.person in concerned and item.failed is None)


async def audience(connection: AsyncConnection, tenant: TenantId, now: float) -> Audience:
    """Return whom messages reach now.

    Who has a deputy that can be reached is not told: the deputy is, in their step. Two who stand in for each other are
    both told: a question never reaches nobody because of a delegation.
    """
    chosen, listed = await telling.steps(connection, tenant), await telling.holders(connection, tenant, (Role.OWNER,))
    carers = frozenset(await telling.holders(connection, tenant, (Role.ADMIN,)))
    stand_ins = await delegations.active(connection, tenant, now)
    people = {*listed, *carers, *(item.deputy for item in stand_ins)}
    known = await channels.listed(connection, people)
    reached = {channel.person for channel in known}
    steps = {person: chosen.get(person, 0) for person in listed}
    away: set[str] = set()
    for item in stand_ins:
        if item.deputy in reached and item.person in steps:
            away.add(item.person)
            steps[item.deputy] = min(steps.get(item.deputy, steps[item.person]), steps[item.person])
    away -= {item.deputy for item in stand_ins}
    left = {person: step for person, step in steps.items() if person not in away}
    hooks = await webhooks.listed(connection, tenant)
    return Audience(await telling.find(connection, tenant), left, carers, known, hooks)
