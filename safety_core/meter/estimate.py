"""What to book for a response that came without numbers: derived from sizes, and marked as such."""

from __future__ import annotations

from typing import Final

from safety_core.model.usage import Usage

BYTES_PER_TOKEN: Final = 4
"""The providers' own rule of thumb for English text. High for code and most other scripts: an estimate, not a bill."""


def estimate(request: int, response: int) -> Usage:
    """Return the usage of an exchange of `request` and `response` bytes, never zero for what was not empty."""
    return Usage(
        input_total=-(-request // BYTES_PER_TOKEN), output_total=-(-response // BYTES_PER_TOKEN), estimated=True
    )
