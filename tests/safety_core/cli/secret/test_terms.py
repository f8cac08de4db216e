"""`safety secret versions|rollback|allow|expire|log`: what holds for a secret beside its value."""

from __future__ import annotations

import json
import re

import pytest

from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.model.secret import SecretName, Use
from safety_core.model.tool_call import AgentId
from tests.safety_core.cli.secret.running import OTHER, VALUE, kept, opened, safety

SHOP = SecretName("shop_key")


@pytest.fixture(autouse=True)
def shop_key(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(monkeypatch, "set", SHOP, stdin=VALUE) == 0
    capsys.readouterr()


def test_an_old_value_counts_for_a_day_and_is_brought_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safety(monkeypatch, "rotate", SHOP, stdin=OTHER) == 0
    with opened(home) as vault:
        first, second = vault.versions(SHOP)
        assert round(first.until - second.changed) == 24 * 3600
    assert safety(monkeypatch, "versions", SHOP) == 0
    assert safety(monkeypatch, "versions", SHOP, "--json") == 0
    assert safety(monkeypatch, "rollback", SHOP, "--overlap", "0") == 0
    assert kept(home) == {SHOP: VALUE}
    assert safety(monkeypatch, "rollback", SHOP, "--version", "2") == 0
    assert kept(home) == {SHOP: OTHER}
    assert safety(monkeypatch, "rollback", SHOP, "--version", "9") == 1
    shown = capsys.readouterr()
    assert re.match(r"replaced; the old value counts until 2\S+ \S+ UTC\nversion 1  of .*, counts until ", shown.out)
    assert [json.loads(line)["current"] for line in shown.out.splitlines() if line[0] == "{"] == [False, True]
    assert "version 3 has the value of version 1\nversion 4 has the value of version 2\n" in shown.out
    assert "has no version 9 that is kept. Fix: safety secret versions shop_key" in shown.err
    assert VALUE not in shown.out + shown.err
    with opened(home) as vault:
        assert [version.until > clock.now() for version in vault.versions(SHOP)] == [True, False, True, False]


def test_what_has_one_version_has_none_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safety(monkeypatch, "rollback", SHOP) == 1
    assert safety(monkeypatch, "versions", "missing") == 1
    shown = capsys.readouterr()
    assert "has no earlier version" in shown.err
    assert "secret missing: is not in the vault" in shown.err


def test_who_may_use_it_is_said_and_taken_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--agent", "main", "--agent", "support", "--tool", "http_request")
    assert safety(monkeypatch, "allow", SHOP, *given) == 0
    assert capsys.readouterr().out == "agents: main, support\ntools: http_request\n"
    assert safety(monkeypatch, "list") == 0
    assert (
        capsys.readouterr().out == "shop_key  version 1, registered, for agent main, support, for tool http_request\n"
    )
    assert safety(monkeypatch, "allow", SHOP, "--any-tool") == 0
    assert capsys.readouterr().out == "agents: main, support\ntools: any\n"
    assert safety(monkeypatch, "allow", SHOP, "--any-agent") == 0
    assert safety(monkeypatch, "rotate", SHOP, stdin=OTHER) == 0
    with opened(home) as vault:
        (entry,) = vault.entries()
        assert (entry.terms.agents, entry.terms.tools) == (None, None)


def test_until_when_is_said_and_taken_back(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = clock.now()
    assert safety(monkeypatch, "expire", SHOP, "90d") == 0
    assert safety(monkeypatch, "rotate", SHOP, "--expires", "30d", "--overlap", "0", stdin=OTHER) == 0
    assert safety(monkeypatch, "list") == 0
    assert re.search(r"ends on .*\nreplaced\nshop_key  version 2, registered, expires on 2", capsys.readouterr().out)
    with opened(home) as vault:
        (entry,) = vault.entries()
        assert entry.terms.lifetime == 30 * 86400.0
        assert (entry.terms.expires or 0.0) - now == pytest.approx(30 * 86400.0, abs=600)
    assert safety(monkeypatch, "expire", SHOP, "0") == 0
    assert safety(monkeypatch, "list") == 0
    assert "EXPIRED on" in capsys.readouterr().out
    assert safety(monkeypatch, "file", SHOP) == 1
    assert "shop_key: expired on" in capsys.readouterr().err
    assert safety(monkeypatch, "expire", SHOP, "never") == 0
    assert capsys.readouterr().out == "never ends\n"
    assert safety(monkeypatch, "set", "other_key", "--expires", "1y", stdin=OTHER) == 0
    with opened(home) as vault:
        assert [entry.terms.expires is None for entry in vault.entries()] == [False, True]


def test_uses_are_shown(home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert safety(monkeypatch, "log", SHOP) == 0
    assert capsys.readouterr().err == "shop_key has not been used\n"
    with opened(home) as vault:
        for number in range(3):
            vault.lend([SHOP], Use(AgentId("main"), "exec", f"call-{number}"), 1.0)
    assert safety(monkeypatch, "log", SHOP, "-n", "2") == 0
    assert safety(monkeypatch, "log", SHOP, "--json") == 0
    first, second, *rows = capsys.readouterr().out.splitlines()
    assert (first, second) == tuple(f"1970-01-01 00:00 UTC  version 1  main  exec  call-{number}" for number in (1, 2))
    told = {"at": 1.0, "name": SHOP, "version": 1, "agent": "main", "tool": "exec", "call": "call-2"}
    assert json.loads(rows[-1]) == told


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("allow", SHOP), "error: safety secret allow: is given nobody"),
        (("allow", SHOP, "--agent", "a", "--any-agent"), "error: safety secret allow: is given a list and every one"),
        (("expire", SHOP, "soon"), "error: AFTER: is no duration; write 30m, 12h or 90d, or never"),
        (("rotate", SHOP, "--overlap", "never"), "error: --overlap: is no duration; write 30m, 12h or 90d"),
        (("set", "shop_key.previous"), "error: secret name: must not end in .previous"),
    ],
)
def test_what_makes_no_sense_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], error: str
) -> None:
    assert safety(monkeypatch, *arguments, stdin=VALUE) == 2
    assert error in capsys.readouterr().err
