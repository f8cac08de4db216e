"""32 secret bytes in a file that only its owner may read: 64 hexadecimal digits and a line end."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from nacl.signing import SigningKey

from safety_core.edge.home import Home
from safety_core.errors import SecretError

KEY_BYTES: Final = 32
TEXT: Final = re.compile(rb"[0-9a-f]{64}\n?")


def read_key_file(path: Path) -> bytes:
    """Return the key in `path`.

    Raises:
        SecretError: it cannot be read, others may read it, or it does not hold a key.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024)
    except OSError as error:
        fix = (
            "name one that is there, or restore it" if isinstance(error, FileNotFoundError) else "let this user read it"
        )
        raise SecretError(f"key file {path}", f"cannot be read ({error.strerror})", fix) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"key file {path}", f"is open to others (mode {mode & 0o777:o})", f"chmod 600 {path}")
    if not TEXT.fullmatch(text):
        raise SecretError(f"key file {path}", "does not hold 64 hexadecimal digits", "restore it from your backup")
    return bytes.fromhex(text.decode())


def create_key_file(path: Path) -> bytes:
    """Draw a new key, write it as `write_key_file`, and return it."""
    key = secrets.token_bytes(KEY_BYTES)
    write_key_file(path, key)
    return key


def write_key_file(path: Path, key: bytes) -> None:
    """Write `key` durably to `path`, which must not exist yet. Raises SecretError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise SecretError(f"key file {path}", "cannot be written: it is there", "name a new file") from error
    except OSError as error:
        raise SecretError(f"key file {path}", f"cannot be written ({error.strerror})") from error


def read_or_create_key_file(path: Path) -> bytes:
    """Return the key in `path`, drawing it the first time."""
    return read_key_file(path) if os.path.lexists(path) else create_key_file(path)


def edge_key(home: Home) -> SigningKey:
    """Return the edge's own key, drawn the first time. Raises SecretError."""
    return SigningKey(read_or_create_key_file(home.edge_key))
