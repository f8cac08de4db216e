"""What the matching tests share: some invented secrets and the patterns that are shipped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from safety_core.bundle.keyed import written_out
from safety_core.bundle.samples import invented
from safety_core.canonical import JsonObject
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue

SHIPPED = Path(__file__).parents[3] / "policies" / "patterns"


def shipped_entries() -> list[dict[str, object]]:
    """Return the shipped patterns as they are written, samples included."""
    files = sorted(SHIPPED.glob("*.yaml"))
    return [entry for file in files for entry in yaml.safe_load(file.read_bytes())["patterns"]]


def pattern_of(entry: dict[str, object]) -> Pattern:
    written = written_out(cast("JsonObject", entry), str(entry["id"]))
    return Pattern(**{name: value for name, value in cast("dict[str, Any]", written).items() if name[:4] != "must"})


@pytest.fixture(scope="session")
def shipped() -> PatternSet:
    return PatternSet([pattern_of(entry) for entry in shipped_entries()])


def registry(**secrets: str) -> Registry:
    return Registry({SecretName(name): SecretValue(value) for name, value in secrets.items()})


def matcher(patterns: Sequence[Pattern] = (), **secrets: str) -> Matcher:
    return Matcher(registry(**secrets), PatternSet(patterns))


KEY = invented("AK{}IA{16 base32}")
TOKEN = invented("{40 alnum}")
PHRASE = "tr0ub4dor-And-3-Horses!"
QUOTED = 's3cr3t/with+slash==and"quote\\'
FOREIGN = "пароль-Ünïcode-9431"
URL = "postgres://app:N7q-Zk2!vB@db.internal:5432/main"
ALL = {"KEY": KEY, "TOKEN": TOKEN, "PHRASE": PHRASE, "QUOTED": QUOTED, "FOREIGN": FOREIGN, "URL": URL}
