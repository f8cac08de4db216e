"""What `vault kv get -format=json` writes (both versions of the engine), and trees of such: objects in objects.

A name is made of the path: {"prod": {"db": {"password": ...}}} -> prod.db.password.
"""

from __future__ import annotations

from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.cli.secret.entries import Entries
from safety_core.errors import InputError

_ANSWER: Final = frozenset({"request_id", "lease_id", "lease_duration", "renewable"})
"""What stands beside `data` in an answer of the server."""


def is_answer(body: Json) -> bool:
    """Tell whether this is an answer of the server."""
    return isinstance(body, dict) and isinstance(body.get("data"), dict) and not _ANSWER.isdisjoint(body)


def read_tree(entries: Entries, body: JsonObject, file: str) -> None:
    """Take up an answer, or a tree in which there may be some."""
    _take(entries, _inner(body), (), file)


def _inner(body: Json) -> Json:
    """Return the secrets in an answer: the second version of the engine has them one level below."""
    if not isinstance(body, dict) or not is_answer(body):
        return body
    data = body["data"]
    if isinstance(data, dict) and isinstance(data.get("data"), dict) and isinstance(data.get("metadata"), dict):
        return data["data"]
    return data


def _take(entries: Entries, value: Json, path: tuple[str, ...], file: str) -> None:
    place = f"{file}, {'/'.join(path)}" if path else file
    if isinstance(value, dict):
        for key, inner in value.items():
            _take(entries, _inner(inner), (*path, *key.strip("/").split("/")), file)
    elif isinstance(value, str):
        entries.add_titled(place, path, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        entries.add_titled(place, path, str(value))
    elif value is not None and not isinstance(value, bool):
        entries.refused.append(InputError(place, "is a list, and a secret is one text", "leave it out"))
