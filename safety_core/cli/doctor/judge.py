"""What the agent's try says, held against that of somebody who may leave: blocked, open, or nothing.

Silence is no proof: the host may be down. It is one if somebody else was answered at the same time. And where nobody
at all was answered, the network is down: then no refusal is a proof, either.
"""

from __future__ import annotations

from collections.abc import Mapping

from safety_core.cli.doctor.aim import OUTWARD
from safety_core.cli.doctor.trial import Seen, Trial
from safety_core.wire.posture import Check, Result


def judged(agent: Mapping[Check, Trial], control: Mapping[Check, Trial]) -> dict[Check, Result]:
    """Return what came of every check. `control`: empty where there is nobody to compare with."""
    results = {check: judge(trial, control.get(check)) for check, trial in agent.items()}
    if nobody_left(control):
        results |= {check: Result.UNKNOWN for check in OUTWARD if results.get(check) is Result.BLOCKED}
    return results


def nobody_left(control: Mapping[Check, Trial]) -> bool:
    """Tell whether even those who may leave were answered by nobody."""
    return bool(control) and all(trial.seen is not Seen.ANSWERED for trial in control.values())


def judge(agent: Trial, control: Trial | None = None) -> Result:
    """Return what came of a check.

    Args:
        control: the same try by somebody who may leave; None where there was none.
    """
    if agent.seen is Seen.ANSWERED:
        return Result.OPEN
    if agent.seen is Seen.REFUSED:
        return Result.BLOCKED
    answered = control is not None and control.seen is Seen.ANSWERED
    if agent.seen is Seen.RESET:
        return Result.BLOCKED if answered else Result.OPEN
    return Result.BLOCKED if answered and agent.seen is Seen.SILENT else Result.UNKNOWN
