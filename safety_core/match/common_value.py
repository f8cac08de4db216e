"""Values that are too common to be looked for: redaction would garble ordinary text."""

from __future__ import annotations

import re
from typing import Final

from safety_core.errors import CommonValueError
from safety_core.match.wordlike import word_letters
from safety_core.model.secret import SecretValue

_SMALLEST: Final = 6
_MODEL_NAME: Final = re.compile(
    r"(?:gpt|claude|gemini|llama|mistral|mixtral|qwen|deepseek|o[134])-?[a-z0-9.:-]*", re.IGNORECASE
)


def check_value(value: SecretValue) -> None:
    """Refuse a value that could not be replaced without garbling ordinary text.

    Raises:
        CommonValueError: shorter than 6 characters, the same few characters repeated, a number of fewer than 8 digits,
            words, or the name of a model. The error does not show the value.
    """
    text = value.reveal()
    plain = text.strip()
    reason = ""
    if len(plain) < _SMALLEST:
        reason = f"is shorter than {_SMALLEST} characters"
    elif len(set(plain)) < 4:
        reason = "repeats the same few characters"
    elif plain.isdigit() and len(plain) < 8:
        reason = "is a number of fewer than 8 digits"
    elif _MODEL_NAME.fullmatch(plain):
        reason = "looks like the name of a model"
    elif word_letters(plain) == len(re.sub(r"[\s_./-]", "", plain)):
        reason = "is made of ordinary words"
    if reason:
        raise CommonValueError(
            "secret value", f"{reason}, so redaction would replace ordinary text", "use a longer, random value"
        )
