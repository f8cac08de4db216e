"""Our redactor with all that it has: registry, patterns, unknown secrets, decoding.

`python -X safety_native=off` runs it without its extension.
"""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from safety_core.edge.pattern_cache import load_patterns
from safety_core.edge.shipped import shipped_bundle
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor

KIND: Final = "application/json"
CACHE: Final = Path(__file__).parents[2] / ".cache" / "bench-patterns"
"""Compiled patterns, as an edge keeps them: they are compiled once per run at most."""


def entries(secrets: dict[str, str]) -> dict[SecretName, SecretValue]:
    return {SecretName(name): SecretValue(value) for name, value in secrets.items()}


def native() -> str:
    """Return what runs of the extension, or nothing where it is switched off or not built."""
    try:
        engine = import_module("safety_core._native.engine").ENGINE
    except ModuleNotFoundError:
        return ""
    if engine.name != "c":
        return ""
    level = import_module("safety_core._native._c").use_level(sys.maxsize)
    return f"C, vector level {level}"


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.patterns = load_patterns(shipped_bundle().policy.patterns, CACHE)
        self.redactor = Redactor(Matcher(Registry(entries(secrets)), self.patterns), bytes(32))

    def facts(self) -> dict[str, Any]:
        return {"native": native(), "patterns": len(shipped_bundle().policy.patterns)}

    def prepare(self, raw: str) -> bytes:
        return raw.encode()

    def scan(self, message: bytes) -> None:
        self.redactor.body(message, KIND)

    def cleaned(self, message: bytes) -> str:
        return self.redactor.body(message, KIND).raw.decode()

    def text_findings(self, texts: list[str]) -> list[list[str]]:
        """Return what is found in each text by itself, rules only."""
        return [[found.rule for found in self.redactor.text(text).findings] for text in texts]

    def add(self, secrets: dict[str, str]) -> list[float]:
        """Add secrets one by one; return the CPU seconds of each. Each is seen by the next scan."""
        taken = []
        for name, secret in secrets.items():
            value = SecretValue(secret)
            started = time.process_time()
            registry = self.redactor.matcher.registry.with_secret(SecretName(name), value)
            self.redactor = self.redactor.with_matcher(Matcher(registry, self.patterns))
            taken.append(time.process_time() - started)
            if [found.name for found in self.redactor.text(f"say {secret} now").findings] != [name]:
                raise AssertionError(f"{name} was added and is not seen")
        return taken
