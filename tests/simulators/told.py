"""People with channels at a hub, and what the tests of notices do again and again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from hub import clerk
from hub.notices import channels
from hub.notices.delivery import deliver
from hub.notices.regular import digests, prune
from hub.roles import Person
from hub.store.channels import Channel
from safety_core.model.level import Level
from safety_core.model.policy import ApproverKey, KeyKind, Policy
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import Held, person_with

PLAN = (
    clerk.Job("notices", 1.0, deliver),
    clerk.Job("notices: daily summaries", 60.0, digests),
    clerk.Job("notices: old rows", 3600.0, prune),
)


async def reached_by_mail(hub: RunningHub, name: str = "Olga", *held: Held) -> tuple[Person, Channel]:
    """Return a person, an owner of acme without `held`, who is told by e-mail."""
    person = await person_with(hub, name, *(held or (("owner", "acme"),)))
    address = re.sub(r"[^a-z]", "", name.lower()) + "@people.example"
    return person, await channels.add_email(hub.context, person.id, address)


async def tell(hub: RunningHub, seconds: float = 0.0) -> None:
    """Let time pass, and the clerk do what is due."""
    hub.clock.now += seconds
    for job in PLAN:
        await clerk.once(hub.context, job)
    hub.clock.now += 1.5  # until the jobs are due again


def links_in(text: str) -> list[str]:
    """Return the paths of the one-use links in a message."""
    return re.findall(r"/a/[A-Za-z0-9_-]{43}\b", text)


def let_channels_approve(
    patched: pytest.MonkeyPatch, hub: RunningHub, channels_to: Mapping[str, Level], up_to: Level = Level.RED
) -> None:
    """Publish, as far as links see it, a policy that lets the hub's key approve by these channels."""
    keys = hub.context.keys
    key = ApproverKey(keys.approvals_id, KeyKind.HUB, keys.approvals_public, up_to, channels_to)
    pinned: dict[str, Any] = dict.fromkeys(Policy.__dataclass_fields__)
    policy = Policy(**{**pinned, "approvers": (key,)})

    async def policy_of(*_: object) -> Policy:
        return policy

    patched.setattr("hub.notices.links.policy_of", policy_of)
