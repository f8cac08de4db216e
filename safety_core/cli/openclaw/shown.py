"""A diff for people, without the secrets: two values that differ are hidden-1 and hidden-2."""

from __future__ import annotations

import difflib
import json
import re
from typing import Final

from safety_core.canonical import Json, JsonObject

_TELLING: Final = re.compile(
    r"(?i)(api_?keys?|tokens?|secrets?|passwords?|passwd|passphrase|credentials?|private_?keys?|authorization|cookies?"
    r"|_key|webhookurl|identitydata|sessionkey|x-api-key)$"
)
"""What the name of a setting with a secret in it ends with."""

_SECTION: Final = "secrets"
"""OpenClaw's section about where secrets are; it holds none."""

_ALL_SECRET: Final = frozenset({"headers", "vars"})
"""Objects whose every text may be a secret: a header, a variable of the environment."""

_PUBLIC: Final = re.compile(r"\$\{[A-Z_][A-Z0-9_]*\}|[01]|true|false|")
_USER: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""User and password in an address."""


class Mask:
    """Hides secrets, each under one name in everything that this mask has hidden."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def hide(self, value: Json, *, secret: bool = False) -> Json:
        """Return `value` without its secrets. `secret`: every text in it is one."""
        if isinstance(value, dict):
            if isinstance(value.get("source"), str) and isinstance(value.get("id"), str):
                return value  # a SecretRef: it says where the value is, not what
            return {key: self.hide(below, secret=secret or _tells_of_secret(key)) for key, below in value.items()}
        if isinstance(value, list):
            return [self.hide(item, secret=secret) for item in value]
        if not isinstance(value, str):
            return value
        return self._hidden(value) if secret else _USER.sub("hidden", value)

    def _hidden(self, text: str) -> str:
        if _PUBLIC.fullmatch(text):
            return text
        return self._names.setdefault(text, f"hidden-{len(self._names) + 1}")

    def strike(self, text: str) -> str:
        """Return `text` without the secrets that were hidden so far."""
        for value in sorted(self._names, key=len, reverse=True):
            text = text.replace(value, self._names[value])
        return text


def _tells_of_secret(key: str) -> bool:
    return key != _SECTION and (key.lower() in _ALL_SECRET or bool(_TELLING.search(key)))


def diff(before: JsonObject, after: JsonObject, name: str) -> str:
    """Return the unified diff of two configurations."""
    mask = Mask()
    old, new = (json.dumps(mask.hide(tree), indent=2, ensure_ascii=False).splitlines() for tree in (before, after))
    lines = difflib.unified_diff(old, new, name, f"{name} (new)", lineterm="")
    return "\n".join(
        "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in line) for line in lines
    )
