"""What became of a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BLOCK: Final = "block"
ALLOW: Final = "allow"
ERROR: Final = "error"
NOT_APPLICABLE: Final = "not_applicable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict.

    Attributes:
        actual: block, allow, error or not_applicable.
        why: what the gateway said, or what went wrong.
        asked: it is a question for a person, rather than a refusal.
        evidence: the gateway's own record of a block: an entry of the audit log, or the fields of its answer.
    """

    actual: str
    why: str = ""
    asked: bool = False
    evidence: str = ""
