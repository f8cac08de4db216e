"""Two policies are compared by what they mean, and the difference is told in words."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from safety_core.bundle.diff import Change, How, differences
from safety_core.bundle.source import compile_bundle
from tests.simulators.repository import RULE, SOURCES, rule

KEY = "ab" * 32
VECTOR = b'{"facts":{"tool":"x"},"hits":[]}\n'
PATTERN = b"patterns:\n  - {id: till, title: Till token, expression: 'till_[a-z]{20}'}\n"


def changes(new: Mapping[str, bytes], old: Mapping[str, bytes] | None = None) -> list[Change]:
    before = compile_bundle({**SOURCES, **(old or {})}, tenant="one")[1]
    return [*differences(before, compile_bundle({**SOURCES, **new}, tenant="one")[1])]


def told(new: Mapping[str, bytes], old: Mapping[str, bytes] | None = None) -> list[tuple[str, str, str, bool | None]]:
    return [(one.part, one.name, one.how.value, one.loosens) for one in changes(new, old)]


def test_the_same_policy_laid_out_otherwise_is_no_difference() -> None:
    lumped = {"catalogue/a.yaml": b"programs:\n  'till, kasse': {effect: read, flags: '-a -b'}\n"}
    split = {
        "catalogue/a.yaml": b"programs:\n  kasse: {flags: '-b -a', effect: read}\n",
        "catalogue/b.yaml": b"programs:\n  till: {effect: read, flags: '-a -b'}\n",
    }
    assert changes(split, lumped) == []


def test_a_cell_of_the_matrix_says_whether_it_loosens() -> None:
    strict = SOURCES["matrix.yaml"].replace(b"red: {supervised: ask,", b"red: {supervised: ask_strong,", 1)
    assert strict != SOURCES["matrix.yaml"]
    assert told({"matrix.yaml": strict}) == [("matrix", "red for supervised", "changed", False)]
    assert told({}, {"matrix.yaml": strict}) == [("matrix", "red for supervised", "changed", True)]
    assert changes({"matrix.yaml": strict})[0].words == ("ask before, now ask strong",)


def test_a_freer_default_tier_loosens() -> None:
    assert told({"agents.yaml": b"default_tier: autonomous\n"}) == [("agents", "default tier", "changed", True)]


def test_a_floor_that_is_gone_loosens() -> None:
    assert told({"floors/base.yaml": b"floors: []\n"}) == [("floor", "deletes", "removed", True)]
    assert told({}, {"floors/base.yaml": b"floors: []\n"}) == [("floor", "deletes", "added", False)]
    other = changes({"floors/base.yaml": b"floors: [{rule: deletes, reason: not today}]\n"})
    assert [(one.how, one.words) for one in other] == [(How.CHANGED, ('its reason is now "not today"',))]


def test_rules_are_told_by_their_clauses() -> None:
    assert changes({"rules/b/b.rego": rule("b", "true")})[0].how is How.ADDED
    louder = RULE.replace('"red"', '"critical_red"').replace("[destroy]", "[destroy, write]")
    change = changes({"rules/deletes/deletes.rego": louder.encode()})[0]
    assert (change.part, change.name, change.how, change.loosens) == ("rule", "deletes", How.CHANGED, None)
    assert change.words == (
        "is asked about kinds destroy, write, before destroy",
        'no longer: red, "deletes %s"',
        'now: critical_red, "deletes %s", line 11',
    )
    assert changes({"rules/deletes/deletes.rego": RULE.replace("cannot", "can never").encode()})[0].words == (
        "its comments",
    )
    function = changes({"rules/deletes/deletes.rego": (RULE + "\nwide if true\n").encode()})[0]
    assert function.words == ("now: wide(...), line 17",)
    gone = {name: raw for name, raw in SOURCES.items() if not name.startswith(("rules", "floors"))}
    before = compile_bundle({**SOURCES, "floors/base.yaml": b"floors: []\n"}, tenant="one")[1]
    found = differences(before, compile_bundle(gone, tenant="one")[1])
    assert [(one.how, one.loosens) for one in found] == [(How.REMOVED, True)]


def test_agents_grants_and_approvers_are_told() -> None:
    agents = b"agents:\n  helper: {tier: supervised, tools: [exec]}\n  other: {tier: trusted}\n"
    assert [one.words[0] for one in changes({"agents.yaml": agents})] == [
        "the default tier with every tool before, now supervised with the tools exec",
        "the default tier with every tool before, now trusted with every tool",
    ]
    bounds = (
        b"agents:\n  helper: {secrets: [], sandbox: required, budget: {tokens_per_day: 9}}\n"
        b"  other: {secrets: [CRM], connections: [shop], subagents: {depth: 0}}\n"
    )
    assert [one.words[0].partition("now ")[2] for one in changes({"agents.yaml": bounds})] == [
        "trusted with every tool, no secret, sandbox required, 9 tokens a day, told at 80%",
        "trusted with every tool, the secrets CRM, the connections shop, subagents to depth 0, 4 at once",
    ]
    freer = [
        (False, "{tier: supervised}"),
        (False, "{tools: [exec]}"),
        (False, "{secrets: []}"),
        (False, "{connections: []}"),
    ]
    freer += [(False, "{sandbox: required}"), (False, "{subagents: {depth: 0}}"), (False, "{budget: {usd_per_day: 1}}")]
    freer += [(True, "{tier: autonomous}"), (True, "{subagents: {depth: 2}}"), (True, "{subagents: {running: 9}}")]
    for looser, manifest in freer:
        one = {"agents.yaml": f"agents: {{helper: {manifest}}}\n".encode()}
        assert told(one) == [("agent", "helper", "added", looser)], manifest
        assert told({}, one) == [("agent", "helper", "removed", not looser)], manifest
    mixed = b"agents: {helper: {tier: autonomous, tools: [exec]}}\n"
    assert told({"agents.yaml": mixed})[0][3] is True
    assert told({"agents.yaml": b"agents: {helper: {tier: trusted}}\n"})[0][3] is None
    grant = b"outward:\n  - {agent: helper, tool: message, recipient: '@shop.example', not_after: 12}\n"
    assert told({"outward.yaml": grant}) == [("outward grant", "@shop.example", "added", True)]
    assert told({}, {"outward.yaml": grant}) == [("outward grant", "@shop.example", "removed", False)]
    key = f"approvers:\n  - {{id: olga, kind: person, public: {KEY}, up_to: red}}\n".encode()
    assert told({"approvers.yaml": key}) == [("approver", "olga", "added", True)]
    assert told({}, {"approvers.yaml": key}) == [("approver", "olga", "removed", False)]
    assert told({"approvers.yaml": key.replace(b"red", b"yellow")}, {"approvers.yaml": key})[0][3] is None


def test_the_catalogue_is_told_entry_by_entry() -> None:
    before = {"catalogue/a.yaml": b"programs:\n  till: {effect: read, flags: '-a', options: {-o: write}}\n"}
    after = {"catalogue/a.yaml": b"programs:\n  till: {effect: money, flags: '-b'}\n  safe: read\n"}
    found = changes(after, before)
    assert [(one.part, one.name, one.how) for one in found] == [
        ("program", "safe", How.ADDED),
        ("program", "till", How.CHANGED),
    ]
    assert found[1].words == (
        "effect: read before, now money",
        "no longer flags -a",
        "flags -b",
        "options -o: no longer write",
    )
    assert changes({}, after)[0].how is How.REMOVED


def test_hosts_patterns_and_vectors_are_told() -> None:
    assert told({"hosts.yaml": b"catchers: [a.example]\n"}) == [("hosts", "catchers a.example", "added", None)]
    odd = changes({"hosts.yaml": b"level: two\n"}, {"hosts.yaml": b"level: one\n"})
    assert odd[0].words == ("one before, now two",)
    assert told({"patterns/a.yaml": PATTERN}) == [("pattern", "till", "added", False)]
    assert told({}, {"patterns/a.yaml": PATTERN}) == [("pattern", "till", "removed", True)]
    other = changes({"patterns/a.yaml": PATTERN.replace(b"{20}", b"{30}")}, {"patterns/a.yaml": PATTERN})
    assert (other[0].words, other[0].loosens) == (("expression",), None)
    hit = b'{"facts":{"tool":"x"},"hits":[{"level":"red","reason":"a","rule":"deletes"}]}\n'
    assert changes({"golden.jsonl": VECTOR})[0].words == ("1 new",)
    assert changes({}, {"golden.jsonl": VECTOR})[0].words == ("1 no longer there",)
    assert changes({"golden.jsonl": hit}, {"golden.jsonl": VECTOR})[0].words == ("1 with other hits",)


def test_a_change_is_a_document_too() -> None:
    assert Change("floor", "deletes", How.ADDED, ("denied",), False).to_json() == {
        "part": "floor",
        "name": "deletes",
        "how": "added",
        "words": ["denied"],
        "loosens": False,
    }


@pytest.mark.parametrize("part", ["rule", "golden vectors"])
def test_no_difference_is_told_twice(part: str) -> None:
    found = changes({"rules/b/b.rego": rule("b", "true"), "golden.jsonl": VECTOR})
    assert [one.part for one in found].count(part) == 1


def test_budgets_are_told_and_whether_they_loosen() -> None:
    def spend(said: str) -> dict[str, bytes]:
        return {"agents.yaml": f"budget: {{{said}}}\n".encode()}

    (change,) = changes(spend("usd_per_day: 2.5, tokens_per_month: 9"))
    assert (change.part, change.name, change.how, change.loosens) == ("budget", "of all agents", How.CHANGED, False)
    assert change.words == ("no limit before, now 9 tokens a month and 2.5 dollars a day, told at 80%",)
    assert told({}, spend("usd_per_day: 1"))[0][3] is True
    assert told(spend("usd_per_day: 3"), spend("usd_per_day: 2"))[0][3] is True
    assert told(spend("usd_per_day: 1"), spend("usd_per_day: 2"))[0][3] is False
    assert told(spend("usd_per_day: 3, tokens_per_day: 1"), spend("usd_per_day: 2"))[0][3] is None
    assert told(spend("usd_per_day: 2, alert_at: 50"), spend("usd_per_day: 2"))[0][3] is None
    (odd,) = changes(spend("usd_per_day: 2, unpriced: allow"), spend("usd_per_day: 3"))
    assert odd.loosens is None
    assert odd.words[0].endswith("now 2 dollars a day, told at 80%, models without a price uncounted")


def test_prices_are_told_model_by_model() -> None:
    before = b"""
providers:
  openai:
    models:
      - {match: [o-1], input: "1", output: "2"}
      - {match: [o-2, "o-2-####"], except: ["*-x"], input: "0.25"}
"""
    after = b"""
providers:
  openai:
    also: [other]
    models:
      - match: [o-1]
        input: "1.5"
        output: "2"
        when: [{mode: batch, above: 9, from: "01:00", to: "04:30", input: "1"}]
      - {match: [o-2, "o-2-####"], except: ["*-x"], input: "0.25"}
      - {match: [o-3]}
  other: {}
"""
    found = changes({"prices.yaml": after}, {"prices.yaml": before})
    assert [(one.part, one.name, one.how, one.loosens) for one in found] == [
        ("price", "openai o-1", How.CHANGED, None),
        ("price", "openai o-3", How.ADDED, None),
        ("price", "openai, any other model", How.ADDED, None),
    ]
    assert [one.words for one in found] == [
        ("input 1 output 2 before, now input 1.5 output 2; batch, above 9 tokens, 01:00 to 04:30: input 1",),
        ("none before, now no price",),
        ("none before, now as other",),
    ]
    (gone, *_) = changes({}, {"prices.yaml": before.replace(b"o-1", b"a-1")})
    assert gone.words == ("input 1 output 2 before, now none",)
    assert changes({"prices.yaml": b"{}"}, {"prices.yaml": before})[1].words == (
        "input 0.25, also for o-2-####, not for *-x before, now none",
    )
