"""Opening the vault of a home, and its secrets by name."""

from __future__ import annotations

from functools import partial

from safety_core.edge.home import Home
from safety_core.edge.vault import Vault, VaultEntry
from safety_core.edge.vault_key import find_vault_key
from safety_core.errors import UnknownSecretError
from safety_core.model.secret import SecretName


def opened(home: Home, *, accept: bool = False) -> Vault:
    """Return the vault, open. Raises SecretError or UnavailableError.

    Args:
        accept: rows that were put back are taken as they are.
    """
    found = partial(find_vault_key, home)
    return Vault.open(home.vault, found(), fresh=found, accept=accept)


def entry_of(vault: Vault, name: SecretName) -> VaultEntry:
    """Return what may be told of a secret. Raises UnknownSecretError."""
    entry = next((entry for entry in vault.entries() if entry.name == name), None)
    if entry is None:
        raise UnknownSecretError(f"secret {name}", "is not in the vault", f"safety secret set {name}")
    return entry
