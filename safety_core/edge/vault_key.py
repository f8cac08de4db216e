"""The key that opens a vault: from a systemd credential, a passphrase, or a file that only its owner may read.

The vault's own key is drawn at random and kept beside the secrets, sealed by this one; so this one can be exchanged
without touching a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from nacl import pwhash

from safety_core.edge.home import Home
from safety_core.edge.key_file import read_key_file, read_or_create_key_file
from safety_core.errors import SecretError
from safety_core.model.secret import SecretValue

KEY_CREDENTIAL: Final = "safety-vault-key"
"""What a systemd unit calls the key (`LoadCredentialEncrypted=safety-vault-key`): 64 hexadecimal digits."""

PASSPHRASE_CREDENTIAL: Final = "safety-vault-passphrase"  # noqa: S105 - a name
"""... or a passphrase."""

SALT_BYTES: Final = pwhash.argon2id.SALTBYTES
OPSLIMIT: Final = pwhash.argon2id.OPSLIMIT_MODERATE
MEMLIMIT: Final = pwhash.argon2id.MEMLIMIT_MODERATE
"""256 MiB for half a second, once when the vault is opened: RFC 9106's second recommendation is a quarter of that."""


@dataclass(frozen=True, slots=True)
class RawKey:
    """32 bytes that are random as they are."""

    secret: SecretValue

    @classmethod
    def of(cls, key: bytes) -> RawKey:
        """Return `key` in a form that never prints."""
        return cls(SecretValue(key.hex()))


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Words that a person remembers; stretched with Argon2id and the vault's salt."""

    secret: SecretValue


VaultKey: TypeAlias = RawKey | Passphrase


def stretched(key: VaultKey, salt: bytes) -> bytes:
    """Return the 32 bytes that seal the vault's own key."""
    if isinstance(key, RawKey):
        return bytes.fromhex(key.secret.reveal())
    return pwhash.argon2id.kdf(32, key.secret.reveal().encode(), salt, OPSLIMIT, MEMLIMIT)


def find_vault_key(home: Home, environ: Mapping[str, str] | None = None) -> VaultKey:
    """Return the key of the vault in `home`: a systemd credential if there is one, else the key file, made if missing.

    Raises:
        SecretError: the key is there, but unreadable, open to others, or no key. Nothing else is tried then.
    """
    folder = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / KEY_CREDENTIAL).exists():
        text = _credential(Path(folder) / KEY_CREDENTIAL)
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise SecretError(f"credential {KEY_CREDENTIAL}", "does not hold 64 hexadecimal digits")
        return RawKey(SecretValue(text))
    if folder and (Path(folder) / PASSPHRASE_CREDENTIAL).exists():
        return Passphrase(SecretValue(_credential(Path(folder) / PASSPHRASE_CREDENTIAL)))
    read = read_key_file if home.vault.exists() else read_or_create_key_file
    return RawKey.of(read(home.vault_key))


def from_credential(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the key is a systemd credential, whatever is in it."""
    folder = (os.environ if environ is None else environ).get("CREDENTIALS_DIRECTORY")
    names = (KEY_CREDENTIAL, PASSPHRASE_CREDENTIAL)
    return folder is not None and any((Path(folder) / name).exists() for name in names)


def _credential(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"credential {path.name}", f"cannot be read ({type(error).__name__})") from None
