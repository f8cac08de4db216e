"""`safety secret canary`: a made-up value in the right shape, told once, and never one to be used."""

from __future__ import annotations

import random

import pytest

from safety_core.cli.secret.canary_value import KINDS
from safety_core.edge.home import Home
from safety_core.edge.pattern_cache import load_patterns
from safety_core.edge.shipped import shipped_bundle
from safety_core.match.common_value import check_value
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from tests.safety_core.cli.secret.running import OTHER, VALUE, kept, opened, safety

BAIT = SecretName("old_backup_key")


def test_it_has_the_shape_that_our_own_patterns_look_for(home: Home) -> None:
    chance = random.Random(1)
    matcher = Matcher(Registry({}), load_patterns(shipped_bundle().policy.patterns, home.create().cache))
    for kind in [*KINDS] * 3:
        value = KINDS[kind](lambda alphabet, count: "".join(chance.choices(alphabet, k=count)))
        check_value(SecretValue(value), "canary")
        rules = {span.rule for span in matcher.spans(f'"password": "{value}"')}
        assert rules, value[:8]
        expected = {"aws": "aws-access-key", "github": "github"}.get(kind)
        assert expected is None or any(rule.startswith(expected) for rule in rules)


def test_it_is_printed_once_and_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert safety(monkeypatch, "canary", BAIT, "--kind", "aws") == 0
    shown = capsys.readouterr()
    assert kept(home) == {BAIT: shown.out.strip()}
    assert shown.out.startswith("AKIA")
    assert "old_backup_key rings from now on" in shown.err
    with opened(home) as vault:
        vault.saw(BAIT, 3, 1.0)
    assert safety(monkeypatch, "list") == 0
    told = "old_backup_key  version 1, canary (aws), SEEN 3 times, last 1970-01-01 00:00 UTC\n"
    assert capsys.readouterr().out == told


def test_it_is_not_taken_for_a_secret(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    safety(monkeypatch, "set", "shop_key", stdin=VALUE)
    safety(monkeypatch, "canary", BAIT)
    before = kept(home)
    for arguments in (("set", BAIT), ("rotate", BAIT)):
        assert safety(monkeypatch, *arguments, stdin=OTHER) == 1
        assert f"secret {BAIT}: is a canary. Fix: remove it first" in capsys.readouterr().err
    assert safety(monkeypatch, "import", "-", stdin=f"{BAIT}={OTHER}") == 1
    assert safety(monkeypatch, "canary", "shop_key") == 1
    assert "secret shop_key: is there already" in capsys.readouterr().err
    assert kept(home) == before
    assert safety(monkeypatch, "remove", BAIT) == 0
