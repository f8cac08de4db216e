"""A connection that no call could use is told when the edge is checked, not when an agent needs it."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName
from safety_core.resolve.manifests import misfits

CATALOGUE: JsonObject = {
    "adapters": {"sql": {"slots": ["password"], "options": {"ca": "path"}}, "mcp": {"slots": ["token"]}, "rest": {}}
}
S = SecretName("S")
ONE = {"one": Operation("one")}


@pytest.mark.parametrize(
    "fitting",
    [
        Connection("c", "sql", "postgresql://x", secrets={"password": S}, options={"ca": "/x"}),
        Connection("c", "mcp", "https://x", secrets={"token": S}, operations=ONE),
        Connection("c", "mcp", "a program", secrets={"ITS_KEY": S}, operations=ONE),
    ],
)
def test_what_fits_is_not_told(fitting: Connection) -> None:
    assert [*misfits({"c": fitting}, CATALOGUE)] == []


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (
            Connection("c", "slq", "x"),
            "connections.c.adapter: is of a kind that the policy does not know (mcp, rest, sql)",
        ),
        (
            Connection("c", "sql", "x", secrets={"pass": S}),
            "connections.c.secrets.pass: is not known to the adapter sql",
        ),
        (
            Connection("c", "sql", "x", options={"cert": 1}),
            "connections.c.options.cert: is not known to the adapter sql",
        ),
        (Connection("c", "mcp", "https://x", secrets={"ITS_KEY": S}, operations=ONE), "secrets.ITS_KEY: is not known"),
        (Connection("c", "rest", "x", options={"a": 1}, operations=ONE), "options.a: is not known to the adapter rest"),
        (Connection("c", "rest", "x"), "connection c: has no operations yet. Fix: safety connection pin c"),
    ],
)
def test_what_does_not_fit_is_named(odd: Connection, told: str) -> None:
    (error,) = misfits({"c": odd}, CATALOGUE)
    assert told in str(error)


def test_a_policy_without_adapters_knows_none() -> None:
    (error,) = misfits({"c": Connection("c", "sql", "x")}, {})
    assert "does not know (none)" in str(error)
