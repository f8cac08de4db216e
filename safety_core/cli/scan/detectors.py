"""The redactor of the shipped policy and of the secrets that the user names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from safety_core.edge.home import Home
from safety_core.edge.pattern_cache import load_patterns
from safety_core.errors import InputError
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue, secret_name
from safety_core.redact.redactor import Redactor
from safety_core.wire.reader import parse_json

_KEY: Final = hashlib.sha256(b"safety scan").digest()
"""Names what is found. The names leave with JSON Lines answers and are the same on every machine."""


def redactor_of(patterns: tuple[Pattern, ...], known: Mapping[SecretName, SecretValue]) -> Redactor:
    """Return what finds these patterns, these secrets, and what looks like chance."""
    return Redactor(Matcher(Registry(known), load_patterns(patterns, Home.default().cache)), _KEY)


def named_secrets(raw: bytes) -> dict[SecretName, SecretValue]:
    """Return the secrets in a JSON object of names and values, or raise InputError."""
    found = parse_json(raw, "--secrets")
    if not isinstance(found, dict):
        raise InputError("--secrets", "must be a JSON object", 'write {"NAME": "value"}')
    return {secret_name(name): SecretValue(value) for name, value in found.items() if isinstance(value, str)}
