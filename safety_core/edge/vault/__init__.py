"""The vault: secrets at rest, sealed, with their terms, earlier versions and uses, in one SQLite file.

store       Vault: put, rotate, roll back, lend, and what has changed
told        what may be told of a secret, and what is new since a moment
schema      the tables, and how a file of an earlier version becomes one of this
seals       how a value is bound to its place
whole       that no row was put back or taken away
keyring     the vault's own keys, sealed by the key from outside
rekey       another key from outside, and a fresh key for every value, while others read and write
changed     which names are new since a generation, and their rows
discoveries what scanners found, bounded
uses        who was given which secret for what, bounded
"""

from safety_core.edge.vault.discoveries import keep_discoveries
from safety_core.edge.vault.rekey import change_key, exchange_key_file, finish_key, reseal
from safety_core.edge.vault.schema import LOGGED
from safety_core.edge.vault.store import Vault
from safety_core.edge.vault.told import UseEntry, VaultChanges, VaultEntry, Version

__all__ = [
    "LOGGED",
    "UseEntry",
    "Vault",
    "VaultChanges",
    "VaultEntry",
    "Version",
    "change_key",
    "exchange_key_file",
    "finish_key",
    "keep_discoveries",
    "reseal",
]
