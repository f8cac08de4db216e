"""How sure and how bad a finding of a check is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Four steps; code hosts know them as errors, warnings and notes."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
