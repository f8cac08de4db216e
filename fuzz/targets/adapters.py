"""What the process of one operation and connected services answer: MCP, Docker, PostgreSQL's values, MySQL's rows.

The first byte says what the rest is. The readers that say so raise ValueError and the like, which their callers turn
into a refusal.
"""

from __future__ import annotations

import http.client
import io
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from mcp_types import CallToolResult, ListToolsResult, jsonrpc_message_adapter
from pymysql.constants import FIELD_TYPE
from pymysql.protocol import MysqlPacket

from fuzz.trial import Target
from safety_core.canonical import canonical_bytes
from safety_core.edge.adapters.docker import streams
from safety_core.edge.adapters.docker.engine import _json
from safety_core.edge.adapters.mcp.results import result_of
from safety_core.edge.adapters.recipients import header_of, recipients
from safety_core.edge.adapters.request import answer_bytes, answer_from
from safety_core.edge.adapters.sql.mysql_wire import _row
from safety_core.edge.adapters.sql.values import _READ, value_for
from safety_core.errors import ExecutionError, SafetyError
from safety_core.resolve.mcp_tools import operation_of
from safety_core.resolve.schema import check_arguments
from safety_core.wire.lenient import object_of, parsed
from safety_core.wire.reader import parse_json

_KINDS = (*sorted(_READ), "int4[]", "text[][]", "inet")
_FIELDS = (
    FIELD_TYPE.TINY,
    FIELD_TYPE.LONGLONG,
    FIELD_TYPE.DOUBLE,
    FIELD_TYPE.DATETIME,
    FIELD_TYPE.DATE,
    FIELD_TYPE.TIME,
    FIELD_TYPE.NEWDECIMAL,
    FIELD_TYPE.BIT,
    FIELD_TYPE.VAR_STRING,
    FIELD_TYPE.YEAR,
)


def start() -> Target:
    """Return the reader."""

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        match way:
            case b"A":
                _answer(rest)
            case b"M":
                _mcp(rest)
            case b"S":
                _docker(rest)
            case b"Q":
                _mysql(rest)
            case b"R":
                _recipients(rest)
            case b"J":
                _json(rest)
            case _:
                _value(rest, _KINDS[(raw[0] if raw else 0) % len(_KINDS)])

    return read


def _answer(raw: bytes) -> None:
    try:
        answer = answer_from(raw)
    except (ValueError, KeyError, TypeError):
        return
    except ExecutionError as error:
        with suppress(TypeError):  # what holds no JSON was no answer of ours
            answer_bytes(error)
        return
    with suppress(TypeError, ValueError):
        assert answer_from(answer_bytes(answer)) == answer, "told again, it reads differently"


def _mcp(raw: bytes) -> None:
    with suppress(ValueError):
        jsonrpc_message_adapter.validate_json(raw, by_name=False)
    with suppress(ValueError):
        result_of(CallToolResult.model_validate_json(raw)).output.encode("utf-8", "replace")
    with suppress(ValueError):
        for tool in ListToolsResult.model_validate_json(raw).tools:
            operation_of(object_of(tool.model_dump(mode="json", by_alias=True, exclude_none=True)))
    document = object_of(parsed(raw))
    operation = operation_of(object_of(parse_json(raw, "tool")))
    canonical_bytes(operation.parameters)
    check_arguments(object_of(document.get("arguments")), operation.parameters, "tool")


class _Response(io.BytesIO):
    """What is read of an answer."""


def _docker(raw: bytes) -> None:
    for plain in (True, False):
        with suppress(http.client.HTTPException):
            text, more = streams.said(_Response(raw), 100, plain=plain)  # type: ignore[arg-type]
            assert len(text) <= 100, "more than was asked for"
            assert plain is False or more == (len(raw) > 100), "what is cut off is not told"


def _mysql(raw: bytes) -> None:
    kinds = [_FIELDS[byte % len(_FIELDS)] for byte in raw[:3]]
    fields: list[Any] = [SimpleNamespace(type_code=kind, flags=raw[0] & 32, charsetnr=33) for kind in kinds]
    with suppress(Exception):  # a driver of others reads it: what it raises ends the operation, without its text
        _row(MysqlPacket(raw[3:], "utf8"), fields)


def _value(raw: bytes, kind: str) -> None:
    value = parse_json(raw, "value")
    with suppress(ValueError):
        value_for(kind, value)


def _recipients(raw: bytes) -> None:
    found = recipients(object_of(parse_json(raw, "arguments")), "to", "cc")
    for addresses in found.values():
        with suppress(SafetyError):
            value = header_of(addresses)
            assert "\n" not in value, "a header is more than a line"
            assert "\r" not in value, "a header is more than a line"
