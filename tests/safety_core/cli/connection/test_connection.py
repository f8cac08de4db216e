"""An operator looks at what is connected, tries it, and pins what services describe."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_urlsafe

import pytest

from safety_core.cli.main import run
from safety_core.edge.connections import with_pins
from safety_core.edge.home import Home
from safety_core.model.connection import Connection
from tests.simulators import mcp_server
from tests.simulators.shop import Shop, description, shop

Answer = tuple[int, str, str]
Safety = Callable[..., Answer]

SETTINGS = """
home = "{home}"
[connections.shop]
adapter = "rest"
target = "{url}"
private = true
secrets = {{ token = "SHOP_TOKEN" }}
options = {{ description = "{home}/shop.json" }}
[connections.notes]
adapter = "mcp"
target = "{python} {program} {home}/notes"
options = {{ readable = ["{folder}"], writable = ["{home}/notes"] }}
[connections.erp]
adapter = "webhook"
target = "{url}/products"
private = true
secrets = {{ secret = "ERP_SECRET" }}
[connections.db]
adapter = "sql"
target = "sqlite:/nowhere/shop.db"
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with shop() as here:
        yield here


@pytest.fixture
def home(tmp_path: Path, running: Shop) -> Home:
    (tmp_path / "notes").mkdir()
    (tmp_path / "shop.json").write_text(json.dumps(description(running.url)))
    program = Path(mcp_server.__file__)
    values = {"home": tmp_path, "url": running.url, "python": sys.executable, "program": program}
    (tmp_path / "edge.toml").write_text(SETTINGS.format(**values, folder=program.parent))
    return Home(tmp_path).create()


@pytest.fixture
def safety(home: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Safety:
    def say(*words: str, typed: str = "") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        capfd.readouterr()
        config = ["--config", str(home.path / "edge.toml")] if words[0] == "connection" else ["--home", str(home.path)]
        status = run([*words, *config])
        return (status, *capfd.readouterr())

    return say


def test_what_is_connected_is_listed(safety: Safety, running: Shop) -> None:
    status, out, _ = safety("connection", "list")
    assert status == 0
    assert f"shop: rest, {running.url}, with SHOP_TOKEN, 0 operations pinned\n" in out
    assert "db: sql, sqlite:/nowhere/shop.db\n" in out
    told = [json.loads(line) for line in safety("connection", "list", "--json")[1].splitlines()]
    assert [each["name"] for each in told] == ["shop", "notes", "erp", "db"]
    assert told[0]["secrets"] == {"token": "SHOP_TOKEN"}


def test_a_try_says_what_is_wrong_and_what_to_do(safety: Safety, running: Shop) -> None:
    status, _, err = safety("connection", "check", "shop")
    assert (status, err) == (
        1,
        "shop: does not work: secret SHOP_TOKEN: is not in the vault. Fix: safety secret set SHOP_TOKEN\n",
    )
    safety("secret", "set", "SHOP_TOKEN", typed=token_urlsafe(24))
    safety("connection", "pin", "shop", "--yes")
    status, _, err = safety("connection", "check", "shop")
    assert (status, "refused its secret (status 401)" in err) == (1, True)
    safety("secret", "set", "SHOP_TOKEN", typed=running.token)
    assert safety("connection", "check", "shop")[:2] == (0, "shop: works: list_products answers with status 200\n")


def test_all_are_tried_where_none_is_named(safety: Safety) -> None:
    safety("secret", "set", "ERP_SECRET", typed=token_urlsafe(24))
    status, out, err = safety("connection", "check")
    assert status == 1
    assert "notes: works: notes" in out
    assert "erp: works: answers with status" in out
    assert "nothing was delivered" in out
    assert "db: does not work" in err


def test_a_description_is_looked_at_and_pinned(safety: Safety, home: Home, running: Shop) -> None:
    status, out, _ = safety("connection", "pin", "shop", typed="n\n")
    assert (status, with_pins(home, at(running)).operations) == (1, {})
    assert "new      shop.delete_order  (destructive, writes)\n         Delete an order\n" in out
    status, out, _ = safety("connection", "pin", "shop", typed="y\n")
    assert (status, len(with_pins(home, at(running)).operations)) == (0, 10)
    assert "10 pinned; agents call them by these names, such as shop.list_products" in out
    status, out, _ = safety("connection", "pin", "shop", "--only", "get_order", "--yes")
    assert "same     shop.get_order" in out
    assert [*with_pins(home, at(running)).operations] == ["get_order"]
    assert safety("audit", "verify")[0] == 0


def test_a_description_may_be_yaml_and_anywhere(safety: Safety, home: Home, running: Shop) -> None:
    assert safety("connection", "pin", "shop", "--description", f"{running.url}/openapi.json", "--yes")[0] == 0
    told = home.path / "small.yaml"
    told.write_text("openapi: 3.1.0\npaths:\n  /now:\n    get: {summary: 2026-01-01, responses: {200: {}}}\n")
    status, out, _ = safety("connection", "pin", "shop", "--description", str(told), "--yes")
    assert status == 0
    assert "new      shop.get_now\n         2026-01-01\n" in out
    assert "gone     shop.report" in out


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [1]\nb: *x\n", "uses YAML's anchors"),
        ("a: [", "is neither JSON nor YAML"),
        ("[1]", "is no description"),
        ('{"swagger": "2.0"}', "is not of OpenAPI 3.0 or 3.1"),
    ],
)
def test_what_is_no_description_is_refused(safety: Safety, home: Home, text: str, told: str) -> None:
    (home.path / "odd").write_text(text)
    status, _, err = safety("connection", "pin", "shop", "--description", str(home.path / "odd"))
    assert (status, told in err) == (2, True)


def test_an_address_that_gives_no_description_is_named(safety: Safety, running: Shop) -> None:
    status, _, err = safety("connection", "pin", "shop", "--description", f"{running.url}/orders")
    assert (status, "answered with status 401" in err) == (2, True)


def test_tools_that_change_are_shown_and_suspicious_ones_refused(safety: Safety, home: Home) -> None:
    assert safety("connection", "pin", "notes", "--yes")[0] == 0
    (home.path / "notes" / "changed").touch()
    status, out, _ = safety("connection", "pin", "notes", "--yes")
    assert status == 1
    assert "changed  notes.note\n" in out
    assert "suspicious: tells a model to pass over what it was told" in out
    assert "same     notes.notes\n" in out
    status, out, _ = safety("connection", "pin", "notes", "--yes", "--suspicious", "leave-out")
    assert (status, "10 pinned" in out) == (0, True)


def test_what_the_policy_lists_is_shown_with_its_arguments(safety: Safety) -> None:
    status, out, _ = safety("connection", "show", "db")
    assert (status, "sql_execute  changes a database" in out) == (0, True)
    assert "    query (string, required)  one statement that reads" in out
    told = json.loads(safety("connection", "show", "db", "sql_query", "--json")[1])
    assert (told["tool"], told["parameters"]["required"]) == ("sql_query", ["query"])
    assert "name: sql_execute, sql_explain, sql_query, sql_schema" in safety("connection", "show", "db", "query")[2]


def test_what_is_pinned_is_shown(safety: Safety) -> None:
    assert "nothing is pinned" in safety("connection", "show", "shop")[2]
    safety("connection", "pin", "shop", "--yes")
    assert "pinned   shop.refund_order" in safety("connection", "show", "shop")[1]
    status, out, _ = safety("connection", "show", "shop", "refund_order")
    assert (status, '"required": ["order_id", "amount"]' in out, "fingerprint" in out) == (0, True, True)
    told = json.loads(safety("connection", "show", "shop", "report", "--json")[1])
    assert (told["tool"], told["hints"]) == ("shop.report", [])
    assert "is not pinned" in safety("connection", "show", "shop", "gone")[2]


def test_pins_of_another_target_are_told(safety: Safety, home: Home, running: Shop) -> None:
    safety("connection", "pin", "shop", "--yes")
    settings = home.path / "edge.toml"
    settings.write_text(settings.read_text().replace(f'target = "{running.url}"', 'target = "https://shop.example"'))
    assert "were made for another adapter or target" in safety("connection", "list")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pin", "db"), "is of the kind sql, whose operations the signed policy lists"),
        (("pin", "gone"), "is not in the edge's settings (shop, notes, erp, db)"),
        (("pin", "shop", "--only", "gone"), "is not among what the service describes"),
        (("check", "gone"), "is not in the edge's settings"),
    ],
)
def test_what_cannot_be_done_is_told(safety: Safety, words: tuple[str, ...], told: str) -> None:
    status, _, err = safety("connection", *words)
    assert (status, told in err) == (2, True)


def test_settings_may_come_from_the_environment(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["connection", "list"]) == 2
    assert "name its file: --config FILE" in capfd.readouterr().err
    monkeypatch.setenv("SAFETY_EDGE_CONNECTIONS", '{"db": {"adapter": "sql", "target": "sqlite:/x"}}')
    assert run(["connection", "list"]) == 0
    assert capfd.readouterr().out == "db: sql, sqlite:/x\n"
    monkeypatch.setenv("SAFETY_EDGE_CONNECTIONS", "{}")
    run(["connection", "list"])
    assert "no service is connected" in capfd.readouterr().err


def at(running: Shop) -> Connection:
    return Connection("shop", "rest", running.url, private=True)
