"""The external gate's grants: those of the policy, and those that an approver made from a card, which are counted.

Both cover a call that was understood whole, of which every outward effect names whom it reaches, and which reaches
nobody else. That somebody is of the tenant's own company makes no difference here: mail leaves the machine either way,
and whoever wants to let it go writes a grant for "@own-domain".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from safety_core.model.approval import StandingGrant
from safety_core.model.facts import Kind, Target, TargetKind
from safety_core.model.level import Level
from safety_core.model.policy import OutwardGrant, Policy
from safety_core.model.tool_call import ToolCall
from safety_core.model.verdict import Verdict

_SOMEBODY: Final = frozenset({TargetKind.RECIPIENT, TargetKind.HOST})

_ADDRESS: Final = re.compile(r"[^\s@,;:<>()\[\]\"%!\\]+@([a-z0-9.-]+)")


def covering(
    call: ToolCall, verdict: Verdict, policy: Policy, now: float, standing: Sequence[StandingGrant] = ()
) -> tuple[str, ...] | None:
    """Return the ids of the standing grants without which the call would not be covered; None where nothing covers it.

    Whom the policy covers costs nobody's grant a use. Of several that would do, the one that ends first is taken.
    """
    if not verdict.outward or verdict.level > Level.YELLOW_EXTERNAL or not _named(verdict):
        return None
    listed = [grant for grant in policy.outward if _is_for(grant, call, verdict, now)]
    left = [
        target for target in verdict.facts.recipients if not any(_reaches(grant.recipient, target) for grant in listed)
    ]
    made = sorted(
        (grant for grant in standing if _is_for(grant, call, verdict, now)), key=lambda made: (made.not_after, made.id)
    )
    spent: list[StandingGrant] = []
    for target in left:
        if any(_reaches(grant.recipient, target) for grant in spent):
            continue
        fitting = next((grant for grant in made if _reaches(grant.recipient, target)), None)
        if fitting is None:
            return None
        spent.append(fitting)
    return tuple(grant.id for grant in spent)


def _named(verdict: Verdict) -> bool:
    """Tell whether it is known of the whole call whom it reaches."""
    named = [
        any(target.kind in _SOMEBODY for target in action.targets)
        for action in verdict.facts.actions
        if action.kind is Kind.OUTWARD
    ]
    return not verdict.facts.unknown and bool(named) and all(named)


def _is_for(grant: OutwardGrant | StandingGrant, call: ToolCall, verdict: Verdict, now: float) -> bool:
    return (grant.agent, grant.tool) == (call.agent, verdict.facts.tool) and now < grant.not_after


def _reaches(recipient: str, target: Target) -> bool:
    """Tell whether a grant names a target. A domain covers plain addresses alone: "a@evil.example, b@x" is none.

    Letters beyond ASCII, on either side, are compared as they are: folded, a "ß" is the same as "ss", and leads to
    another domain.
    """
    if not (target.value.isascii() and recipient.isascii()):
        return target.value == recipient
    want, value = recipient.casefold(), target.value.casefold()
    if want.startswith("@"):
        plain = _ADDRESS.fullmatch(value)
        return target.kind is TargetKind.RECIPIENT and plain is not None and plain[1] == want[1:]
    return value == want
