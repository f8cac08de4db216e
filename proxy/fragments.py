"""What of a secret is one by itself: the texts of a JSON object (an access key with its id and token), the password in
a URL. Whoever shows one of them does not show the whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from safety_core.match.common_value import common_reason
from safety_core.model.secret import SecretName, SecretValue

LEAST: Final = 16
"""Characters of a part that is looked for by itself; what is shorter names something."""

PASSWORD: Final = "://password"  # noqa: S105 - how the part is called
_UNQUOTED: Final = "://password unquoted"


def parts_of(name: SecretName, value: str) -> Iterator[tuple[SecretName, SecretValue]]:
    """Yield the parts of a secret with the names under which they are known."""
    for field, part in _told(value):
        if len(part) >= LEAST and not common_reason(SecretValue(part)):
            yield part_name(name, field), SecretValue(part)


def signs_of(name: SecretName) -> tuple[SecretName, ...]:
    """Return the names under which a secret that is a URL, or no more than a text, is found."""
    return name, part_name(name, PASSWORD), part_name(name, _UNQUOTED)


def part_name(name: SecretName, field: str) -> SecretName:
    """Return the name of a part, which nobody gives to a secret of theirs."""
    told = hashlib.sha256(f"{name}\0{field}".encode("utf-8", "surrogatepass")).hexdigest()
    return SecretName(f"{name[:40]}.part-{told[:16]}")


def _told(value: str) -> Iterator[tuple[str, str]]:
    """Yield what a value calls its parts, and the parts."""
    if value.startswith("{"):
        try:
            fields = json.loads(value)
        except (ValueError, RecursionError):
            return
        yield from ((field, part) for field, part in fields.items() if isinstance(part, str))
    elif "://" in value and "@" in value:
        try:
            password = urlsplit(value).password or ""
        except ValueError:
            return
        yield PASSWORD, password
        if unquote(password) != password:
            yield _UNQUOTED, unquote(password)
