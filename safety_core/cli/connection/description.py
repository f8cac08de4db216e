"""An OpenAPI description, from a file or an address, as JSON or YAML: read within bounds, as a plain tree.

YAML's anchors are refused (a few lines of them stand for gigabytes), and what it would take for a date stays text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from safety_core.canonical import Json, JsonObject
from safety_core.cli.connection.trying import OUTPUT, fetched
from safety_core.edge.files import read_input
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.connection import Connection
from safety_core.wire.reader import check_shape, parse_json

_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe, without dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def description_of(connection: Connection, place: str, home: Home) -> JsonObject:
    """Return the description at `place`, a path or an address.

    Raises:
        InputError: it cannot be read, or is none.
        SafetyError: it cannot be fetched.
    """
    if place.startswith(("http://", "https://")):
        result = fetched(connection, place, home)
        if result.status != 200 or result.truncated:
            why = f"is larger than {OUTPUT} bytes" if result.truncated else f"answered with status {result.status}"
            raise InputError(place[:200], why, "fetch it otherwise, and name the file")
        raw = result.output.encode()
    else:
        raw = read_input(Path(place))
    return tree_of(raw, place[:200])


def tree_of(raw: bytes, what: str) -> JsonObject:
    """Return a document of JSON or YAML as an object. Raises InputError."""
    if len(raw) > OUTPUT:
        raise InputError(what, f"is larger than {OUTPUT} bytes")
    found: Json = parse_json(raw, what) if raw.lstrip().startswith(b"{") else _yaml(raw, what)
    if not isinstance(found, dict):
        raise InputError(what, "is no description: no object")
    return found


def _yaml(raw: bytes, what: str) -> Json:
    try:
        text = raw.decode("utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            raise InputError(what, "uses YAML's anchors", "use $ref, or convert it to JSON")
        found: Any = _named_by_text(yaml.load(text, Loader=_Loader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(what, "is neither JSON nor YAML") from error
    check_shape(found, what)
    return found  # type: ignore[no-any-return]


def _named_by_text(value: Any) -> Any:
    """Return the tree with text for keys: "200" of `responses` is a number in YAML."""
    if isinstance(value, dict):
        return {str(key): _named_by_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named_by_text(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
