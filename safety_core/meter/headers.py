"""The token counts in a response's headers: Bedrock tells there what the answers of some models do not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from safety_core.meter.normal import normal_form
from safety_core.model.usage import Usage

_COUNTS: Final = {
    b"x-amzn-bedrock-input-token-count": "inputtokencount",
    b"x-amzn-bedrock-output-token-count": "outputtokencount",
    b"x-amzn-bedrock-cache-read-input-token-count": "cachereadinputtokencount",
    b"x-amzn-bedrock-cache-write-input-token-count": "cachewriteinputtokencount",
}
_DIGITS: Final = 15
"""More tokens than this has digits nobody bills."""


def usage_in_headers(headers: Iterable[tuple[bytes, bytes]]) -> Usage | None:
    """Return the usage that headers state, or None. `headers`: names in lower case."""
    found = {
        _COUNTS[name]: int(value)
        for name, value in headers
        if name in _COUNTS and value.isdigit() and len(value) <= _DIGITS
    }
    return normal_form(found)
