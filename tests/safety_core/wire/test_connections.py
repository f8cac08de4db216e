"""Settings of connected services, and what was pinned of them: for the service it was made for, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from safety_core.canonical import Json, JsonObject, canonical_bytes
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName
from safety_core.model.tool_call import Hint
from safety_core.wire.connections import connections_from, pinned, pins_json
from safety_core.wire.reader import Reader

READ = Operation("get", "Get a thing", {"type": "object"}, frozenset(), "f1", {"method": "GET"})
WRITE = Operation("put", "", {}, frozenset({Hint.WRITES}), "f2")
SHOP = Connection("shop", "rest", "https://shop.example", operations={"get": READ, "put": WRITE})
BARE = replace(SHOP, operations={})


def read(**section: Json) -> Connection:
    return connections_from(Reader({"shop": {"adapter": "sql", "target": "x", **section}}, "connections"))["shop"]


def test_a_connection_is_read_from_the_settings() -> None:
    assert read() == Connection("shop", "sql", "x")
    whole = read(user="agent", secrets={"password": "P"}, private=True, options={"a": 1})
    assert whole == Connection("shop", "sql", "x", "agent", {"password": SecretName("P")}, True, {"a": 1})
    assert connections_from(Reader({}, "connections")) == {}


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"target": "postgresql://agent:pw@db.example/shop"}, "connections.shop.target: holds a password"),
        ({"secrets": {"password": "not a name"}}, "secret name"),
        ({"passwort": "x"}, "not known"),
        ({"adapter": 1}, "connections.shop.adapter: must be text"),
    ],
)
def test_a_wrong_setting_is_named(section: dict[str, Json], told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(**section)
    with pytest.raises(InputError, match="lower-case letters"):
        connections_from(Reader({"A shop": {}}, "connections"))


def test_pins_come_back_as_they_were_kept() -> None:
    private = replace(SHOP, private=True)
    assert pinned(replace(BARE, private=True), canonical_bytes(pins_json(private))) == private


def test_a_service_outside_works_with_whoever_is_outside() -> None:
    found = pinned(BARE, canonical_bytes(pins_json(SHOP))).operations
    assert found["get"].hints == {Hint.OPEN_WORLD}
    assert found["put"].hints == {Hint.WRITES, Hint.OPEN_WORLD}
    tools = replace(SHOP, adapter="mcp")
    assert pinned(tools, canonical_bytes(pins_json(tools))).operations["get"].hints == frozenset()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 2}, "kept by another version"),
        ({"target": "https://elsewhere.example"}, "another adapter or target"),
        ({"adapter": "mcp"}, "another adapter or target"),
        ({"operations": [{"name": "x"}]}, "is missing"),
        ({"more": 1}, "not known"),
    ],
)
def test_pins_of_something_else_are_refused(change: JsonObject, told: str) -> None:
    with pytest.raises(InputError, match=told):
        pinned(BARE, canonical_bytes({**pins_json(SHOP), **change}))


def test_a_hint_that_nobody_knows_is_refused() -> None:
    kept = pins_json(SHOP)
    kept["operations"][1]["hints"] = ["milder"]  # type: ignore[index,call-overload]
    with pytest.raises(InputError, match="hint: must be one of"):
        pinned(BARE, canonical_bytes(kept))
