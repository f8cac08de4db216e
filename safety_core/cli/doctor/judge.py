"""What the agent's try says, held against that of somebody who may leave: blocked, open, or nothing.

Silence is no proof: the host may be down. It is one if somebody else was answered at the same time.
"""

from __future__ import annotations

from safety_core.cli.doctor.trial import Seen, Trial
from safety_core.wire.posture import Result


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
