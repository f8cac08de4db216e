"""What to book for a response that came without numbers: derived from sizes, and marked as such."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from safety_core.model.usage import Usage

BYTES_PER_TOKEN: Final = 4
"""The providers' own rule of thumb for English text. High for code and most other scripts: an estimate, not a
bill."""


ANSWER_TOKENS: Final = 8192
"""What an answer is held to cost where its request does not say how long it may be: longer ones are rare."""


def completed(stated: Usage | None, request: int, response: int, *, whole: bool) -> Usage:
    """Return what to book for an exchange of `request` and `response` bytes.

    Args:
        stated: what the provider said, if it did; taken as it is if the response came to its end.
        whole: the response came to its end. If not, its last numbers are missing (Anthropic has said "1" by then).
    """
    guess = Usage(-(-request // BYTES_PER_TOKEN), -(-response // BYTES_PER_TOKEN), estimated=True)
    if stated is None:
        return guess
    return (
        stated if whole else replace(stated, output_total=max(stated.output_total, guess.output_total), estimated=True)
    )
