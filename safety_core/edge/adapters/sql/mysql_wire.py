"""MySQL's prepared statements in their binary protocol, on a connection of PyMySQL, which has only texts of statements.

Parameters travel beside the statement, not in it, and a prepared statement is one alone.
Source: the MySQL client/server protocol, "Prepared Statements" and "Binary Protocol Resultset".
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pymysql.constants import FIELD_TYPE, SERVER_STATUS
from pymysql.protocol import FieldDescriptorPacket, OKPacketWrapper

from safety_core.canonical import Json
from safety_core.edge.adapters.sql.session import FaultError

PREPARE: Final = 0x16
EXECUTE: Final = 0x17
BINARY: Final = 63
"""The "character set" of bytes that are no text."""

UNSIGNED: Final = 32
_WHOLE: Final = {
    FIELD_TYPE.TINY: ("b", "B"), FIELD_TYPE.SHORT: ("h", "H"), FIELD_TYPE.YEAR: ("H", "H"),
    FIELD_TYPE.INT24: ("i", "I"), FIELD_TYPE.LONG: ("i", "I"), FIELD_TYPE.LONGLONG: ("q", "Q"),
}  # fmt: skip
_TEXTS: Final = frozenset({FIELD_TYPE.JSON, FIELD_TYPE.ENUM, FIELD_TYPE.SET})


class Executed:
    """A statement that was carried out: what it changed, and its rows one by one as the server sends them."""

    def __init__(self, connection: Any, statement: str, values: Sequence[Json]) -> None:
        self._connection = connection
        self.affected = 0
        self._fields: list[Any] = []
        self._more = False
        self._execute(self._prepare(statement, len(values)), values)

    @property
    def columns(self) -> list[str]:
        """Names of what it returns; none where it returns nothing."""
        return [field.name for field in self._fields]

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows. Whoever stops before the end has to give the connection up."""
        while self._fields:
            packet = self._connection._read_packet()
            if packet.is_eof_packet():
                break
            yield _row(packet, self._fields)

    def _prepare(self, statement: str, given: int) -> int:
        connection = self._connection
        connection._execute_command(PREPARE, statement)
        packet = connection._read_packet()
        packet.advance(1)
        number = int(packet.read_uint32())
        columns, parameters = packet.read_uint16(), packet.read_uint16()
        for count in (parameters, columns):
            for _ in range(count + 1 if count else 0):
                connection._read_packet()
        if parameters != given:
            raise FaultError(f"expects {parameters} parameters and was given {given}")
        return number

    def _execute(self, number: int, values: Sequence[Json]) -> None:
        connection = self._connection
        payload = struct.pack("<IBI", number, 0, 1)
        if values:
            payload += _parameters(values)
        connection._execute_command(EXECUTE, payload)
        packet = connection._read_packet()
        if packet.is_ok_packet():
            done = OKPacketWrapper(packet)
            connection.server_status = done.server_status
            self.affected = done.affected_rows
            return
        count = packet.read_length_encoded_integer()
        self._fields = [connection._read_packet(FieldDescriptorPacket) for _ in range(count)]
        connection._read_packet()


def in_transaction(connection: Any) -> bool:
    """Tell whether the server says that a transaction is open; known after a statement without rows."""
    return bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)


def _parameters(values: Sequence[Json]) -> bytes:
    nulls, kinds, data = bytearray((len(values) + 7) // 8), b"", b""
    for place, value in enumerate(values):
        kind, raw = _parameter(value)
        if value is None:
            nulls[place // 8] |= 1 << place % 8
        kinds, data = kinds + struct.pack("<H", kind), data + raw
    return bytes(nulls) + b"\x01" + kinds + data


def _parameter(value: Json) -> tuple[int, bytes]:
    match value:
        case None:
            return FIELD_TYPE.NULL, b""
        case bool() | int() if -(2**63) <= value < 2**63:
            return FIELD_TYPE.LONGLONG, struct.pack("<q", value)
        case float():
            return FIELD_TYPE.DOUBLE, struct.pack("<d", value)
        case _:
            raw = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode()
            return FIELD_TYPE.VAR_STRING, _length(len(raw)) + raw


def _length(number: int) -> bytes:
    if number < 251:
        return bytes((number,))
    return b"\xfc" + struct.pack("<H", number) if number < 1 << 16 else b"\xfe" + struct.pack("<Q", number)


def _row(packet: Any, fields: Sequence[Any]) -> tuple[object, ...]:
    packet.advance(1)
    nulls = packet.read((len(fields) + 9) // 8)
    return tuple(
        None if nulls[(place + 2) // 8] & 1 << (place + 2) % 8 else _value(packet, field)
        for place, field in enumerate(fields)
    )


def _value(packet: Any, field: Any) -> object:
    kind = field.type_code
    if kind in _WHOLE:
        form = "<" + _WHOLE[kind][bool(field.flags & UNSIGNED)]
        return struct.unpack(form, packet.read(struct.calcsize(form)))[0]
    if kind in {FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE}:
        form = "<f" if kind == FIELD_TYPE.FLOAT else "<d"
        return struct.unpack(form, packet.read(struct.calcsize(form)))[0]
    if kind in {FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP}:
        return _moment(packet.read(packet.read_uint8()), dated=kind == FIELD_TYPE.DATE)
    if kind == FIELD_TYPE.TIME:
        return _span(packet.read(packet.read_uint8()))
    raw = bytes(packet.read_length_coded_string())
    if kind in {FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL}:
        return Decimal(raw.decode())
    if kind == FIELD_TYPE.BIT:
        return int.from_bytes(raw, "big")
    return raw if field.charsetnr == BINARY and kind not in _TEXTS else raw.decode("utf-8", "replace")


def _moment(raw: bytes, *, dated: bool) -> object:
    """Return a date or a time of day on one; a date that no calendar has ("0000-00-00") as text."""
    raw = raw.ljust(11, b"\x00")
    year, month, day, hour, minute, second, micro = struct.unpack("<HBBBBBI", raw)
    try:
        return date(year, month, day) if dated else datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return f"{year:04}-{month:02}-{day:02}"


def _span(raw: bytes) -> timedelta:
    negative, days, hours, minutes, seconds, micro = struct.unpack("<BIBBBI", raw.ljust(12, b"\x00"))
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    return -span if negative else span
