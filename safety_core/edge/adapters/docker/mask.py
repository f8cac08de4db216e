"""Environments of containers hold passwords that the vault does not know: their values are not shown."""

from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "***"
_NAMES: Final = re.compile(
    r"pass|pwd|secret|token|key|auth|cred|private|salt|signature|cookie|session|dsn|certificate|license", re.IGNORECASE
)
_IN_URL: Final = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_LONG: Final = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
"""What looks like a key, whatever its variable is called."""


def masked(value: Any, where: str = "") -> Any:
    """Return `value` with the environments and the texts of commands in it masked."""
    if isinstance(value, dict):
        return {name: masked(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_variable(item) if where == "Env" and isinstance(item, str) else masked(item) for item in value]
    return _IN_URL.sub(rf"\1{MASK}@", value) if isinstance(value, str) else value


def _variable(text: str) -> str:
    name, _, value = text.partition("=")
    if not value or name == "PATH":
        return text
    if _NAMES.search(name) or (_LONG.fullmatch(value) and re.search(r"\d", value)):
        return f"{name}={MASK}"
    return f"{name}=" + _IN_URL.sub(rf"\1{MASK}@", value)
