"""Secrets that nobody has: for the registry, and to plant in a message. Made when the run starts, always the same."""

from __future__ import annotations

import base64
import random
from itertools import islice
from typing import Final

from safety_core.bundle.samples import characters, invented

REGISTERED: Final = (
    ("AWS key", "{40 base64}"),
    ("GitHub", "ghp_{}{36 alnum}"),
    ("OpenAI", "sk-proj-{}{80 base64url}"),
    ("hex 32", "{32 hex}"),
    ("hex 64", "{64 hex}"),
    ("password", "Pw{12 base64url}"),
    ("database", "postgres://app:{24 alnum}@db.internal:5432/shop"),
    ("token", "{32 alnum}"),
)
"""Kinds of secrets that a company registers, in turn, each with other characters."""

PLANTED: Final = (
    "ghp_{}{github}",
    "glpat-{}{20 alnum}",
    "npm_{}{36 alnum}",
    "AKIA{}{16 base32}",
    "sk-ant-api03-{}{93 base64url}AA",
    "AIza{}{35 base64url}",
    "SG.{}{22 base64url}.{43 base64url}",
    "xoxb-{}{12 digit}-{12 digit}-{24 alnum}",
    "sk_live_{}{24 alnum}",
    "hf_{}{34 alpha}",
    "dop_v1_{}{64 hex}",
    "pypi-AgEIcHlwaS5vcmc{}{120 base64url}",
    "{jwt}",
    "PEM",
)
"""Fourteen formats of well-known providers."""


def registered(number: int) -> dict[str, str]:
    """Return so many secrets by name."""
    found = {}
    for index in range(number):
        kind, mark = REGISTERED[index % len(REGISTERED)]
        found[f"{kind}-{index}".replace(" ", "-")] = _other(mark, index)
    return found


def _other(mark: str, index: int) -> str:
    """Return `mark` filled in with characters of its own: a seed is the whole sample, so the index goes in and out."""
    head = f"{index}\n"
    return invented(head + mark).removeprefix(head)


def planted() -> list[str]:
    """Return one secret of each of the fourteen formats."""
    return [_key() if mark == "PEM" else invented(mark) for mark in PLANTED]


def _key() -> str:
    raw = random.Random(0).randbytes(1200)
    text = base64.b64encode(raw).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    kind = "RSA PRIVATE" + " KEY"
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


def some_registered(secrets: dict[str, str], number: int) -> list[str]:
    """Return a few of the registered secrets, to plant."""
    return list(islice((value for name, value in secrets.items() if name.startswith(("token", "hex", "AWS"))), number))


def added(number: int) -> dict[str, str]:
    """Return secrets that are in no registry yet."""
    return {f"added-{index}": characters(32, "alnum", f"added {index}") for index in range(number)}
