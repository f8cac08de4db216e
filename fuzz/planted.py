"""Secrets that an input asks for by a mark, made at run time: none stands in a corpus, and none may come out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor

MARKS: Final = (b"{{1}}", b"{{2}}", b"{{3}}")
"""What in an input stands for a secret: letters and digits; with signs that JSON escapes; with spaces in it."""

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"


def _values() -> tuple[str, ...]:
    random = Random("planted")
    runs = ["".join(random.choices(_LETTERS, k=12)) for _ in range(4)]
    return runs[0] + runs[1], f'{runs[2]}/"+\\{runs[3]}', f"{runs[1]} {runs[2][::-1]} {runs[3][::-1]}"


VALUES: Final = _values()
SECRETS: Final[Mapping[SecretName, SecretValue]] = {
    SecretName(f"PLANTED_{number}"): SecretValue(value) for number, value in enumerate(VALUES, 1)
}


def redactor() -> Redactor:
    """Return a redactor that knows them, and no pattern."""
    return Redactor(Matcher(Registry(dict(SECRETS)), PatternSet(())), b"planted key of a tenant")


def planted(raw: bytes, *, escaped: bool = False) -> bytes:
    """Return `raw` with the secrets in place of their marks. `escaped`: as they stand in a JSON string."""
    for mark, value in zip(MARKS, VALUES, strict=True):
        text = value.replace("\\", "\\\\").replace('"', '\\"') if escaped else value
        raw = raw.replace(mark, text.encode())
    return raw


def check_none(out: str, values: Sequence[str] = VALUES) -> None:
    """Raise AssertionError where a planted secret stands in `out`."""
    shown = [VALUES.index(value) + 1 for value in values if value in out]
    assert not shown, f"secret {shown[0]} came out"
