"""JSON -> what asyncpg wants for a parameter, by the type that PostgreSQL expects there."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from safety_core.canonical import Json


def value_for(kind: str, value: Json) -> object:
    """Return `value` as the type `kind` ("int4", "timestamptz", "text[]").

    Raises:
        ValueError: it is none; the message names the type alone.
    """
    if value is None:
        return None
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ValueError(kind)
        return [value_for(kind[:-2], item) for item in value]
    try:
        return _READ.get(kind, _as_it_is)(value)
    except (ValueError, TypeError, InvalidOperation, binascii.Error, OverflowError):
        raise ValueError(kind) from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _flag(value: Json) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(value: Json) -> str:
    """A text that is JSON is taken as it stands; another is a JSON text."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=False)
        return value
    return json.dumps(value, ensure_ascii=False)


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return base64.b64decode(value["base64"], validate=True)
    return str.encode(value)


def _as_it_is(value: Json) -> object:
    return value if isinstance(value, str | bool) else json.dumps(value)


_READ: Final[dict[str, Callable[[Any], object]]] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), _whole),
    **dict.fromkeys(("float4", "float8"), float),
    "numeric": lambda value: Decimal(str(value)),
    "bool": _flag,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "unknown", "xml"), _text),
    **dict.fromkeys(("json", "jsonb"), _document),
    "bytea": _bytes,
    "date": date.fromisoformat,
    **dict.fromkeys(("timestamp", "timestamptz"), datetime.fromisoformat),
    **dict.fromkeys(("time", "timetz"), time.fromisoformat),
    "interval": lambda value: timedelta(seconds=float(value)),
}
