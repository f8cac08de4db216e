"""Runs `safety secret` with something on standard input, and looks at what the vault holds then."""

from __future__ import annotations

import io
import sys

import pytest

from safety_core.cli.main import run
from safety_core.edge.home import Home
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key

VALUE = "Zk3-example-9xQ!value"
OTHER = "Ht7-another-2bW!value"


class Stdin(io.TextIOWrapper):
    """Standard input that is not a terminal."""

    def __init__(self, given: str | bytes) -> None:
        super().__init__(io.BytesIO(given.encode() if isinstance(given, str) else given), encoding="utf-8")


def safety(monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str | bytes = "") -> int:
    with monkeypatch.context() as patch, Stdin(stdin) as given:
        patch.setattr(sys, "stdin", given)
        return run(["secret", *arguments])


def opened(home: Home) -> Vault:
    return Vault.open(home.vault, find_vault_key(home))


def kept(home: Home) -> dict[str, str]:
    with opened(home) as vault:
        return {name: value.reveal() for name, value in vault.changes().values.items()}
