"""Sources: the same files give the same bundle, and every mistake is named with its file and line."""

from __future__ import annotations

import json

import pytest

from safety_core.bundle.contents import DATA, GOLDEN, MAIN, MANIFEST
from safety_core.bundle.golden import vector_line
from safety_core.bundle.source import compile_sources, rule_heads
from safety_core.errors import PolicyError
from tests.simulators.repository import RULE, SOURCES

FULL = {
    **SOURCES,
    "hosts.yaml": b"catchers: [sink.example]\n",
    "agents.yaml": b"default_tier: supervised\nagents:\n  helper: {tier: trusted, tools: [exec]}\n",
    "approvers.yaml": b"approvers: null\n",
    "catalogue/a.yaml": b"programs:\n  rm: {effect: destroy}\ntools:\n  exec:\n    volatile: [timeout]\n",
    "catalogue/b.yaml": b"programs:\n  ls.exe: {effect: read}\ntools:\n  read: {}\n",
    "patterns/a.yaml": b"patterns:\n"
    b"  - {id: one, title: One, expression: 'a+', must_match: [aa], must_not_match: [b]}\n",
    "rules/deletes/deletes_test.rego": b"not even Rego",
    "README.md": b"ignored",
    "golden.jsonl": vector_line({"actions": []}, ()),
}

FLOORS = b"floors:\n  - {rule: deletes, reason: x}\n  - {rule: nothing, reason: x}\n"
RANDOM = RULE.encode() + b"x := rand.intn(``, 1)\n"


def test_sources_become_the_files_of_a_bundle() -> None:
    built = compile_sources(FULL, tenant="one")
    assert set(built) == {MANIFEST, DATA, GOLDEN, MAIN, "rules/deletes/deletes.rego"}
    data = json.loads(built[DATA])
    assert data["floors"] == [{"rule": "deletes", "reason": "never here"}]
    assert data["catalogue"] == {
        "programs": {"rm": {"effect": "destroy"}, "ls.exe": {"effect": "read"}},
        "tools": {"exec": {"volatile": ["timeout"]}, "read": {}},
    }
    assert data["volatile"] == {"exec": ["timeout"]}
    assert data["patterns"] == [{"id": "one", "title": "One", "expression": "a+"}]
    assert data["default_tier"] == "supervised"
    assert data["index"] == {"deletes": {"kinds": ["destroy"], "subjects": []}}
    assert json.loads(built[MANIFEST])["metadata"] == {"tenant": "one"}


def test_the_revision_names_the_contents() -> None:
    def revision(files: dict[str, bytes], tenant: str = "one") -> str:
        return str(json.loads(compile_sources(files, tenant=tenant)[MANIFEST])["revision"])

    changed = {**FULL, "hosts.yaml": b"catchers: [other.example]\n"}
    vectors = {**FULL, "golden.jsonl": b""}
    rule = {**FULL, "rules/deletes/deletes.rego": RULE.replace('"red"', '"yellow"').encode()}
    assert len({revision(FULL), revision(changed), revision(vectors), revision(rule), revision(FULL, "two")}) == 5
    assert revision(FULL) == revision(dict(reversed(FULL.items())))
    assert compile_sources(FULL, tenant="one", revision="named")[MANIFEST].startswith(b'{"metadata"')


def test_heads_can_be_read_alone() -> None:
    assert [head.title for head in rule_heads(SOURCES)] == ["Deletes for good"]


@pytest.mark.parametrize(
    ("name", "raw", "place", "words"),
    [
        ("manifest.yaml", None, "manifest.yaml", "is missing"),
        ("manifest.yaml", b"name: x\n", "manifest.yaml:1", "must say name and format"),
        ("manifest.yaml", b"name: x\nformat: 2\n", "manifest.yaml:2", "does not read"),
        ("matrix.yaml", b"green: {}\n", "matrix.yaml:1 (green.supervised)", "is missing"),
        ("matrix.yaml", b"- 1\n", "matrix.yaml:1", "must be a mapping"),
        ("agents.yaml", b"agents: {}\nadmins: {}\n", "agents.yaml:2", "'admins' is not a known .* Fix: its fields are"),
        ("agents.yaml", b"agents:\n  a:\n    tier: free\n", "agents.yaml:3", "'free' is not one of"),
        ("floors/base.yaml", FLOORS, "floors/base.yaml:3", "names no rule"),
        ("floors/base.yaml", b"floors:\n  - deletes\n", "floors/base.yaml:2", "must say rule and reason"),
        ("floors/base.yaml", b"rules: []\n", "floors/base.yaml:1", "one list, named floors"),
        ("patterns/a.yaml", b"patterns:\n  - {id: one}\n", "patterns/a.yaml:2 (title)", "is missing"),
        ("patterns/a.yaml", b"patterns:\n  - {id: one, near: shop}\n", "patterns/a.yaml:2", "near and value, or"),
        (
            "patterns/a.yaml",
            b"patterns:\n  - {id: one, title: One, near: shop, value: a, expression: b}\n",
            "patterns/a.yaml:2",
            "near and value, or expression",
        ),
        ("patterns/a.yaml", b"patterns:\n  - 1\n", "patterns/a.yaml:2", "must be an object"),
        ("patterns/b.yaml", FULL["patterns/a.yaml"], "patterns/b.yaml:2", "one stands twice"),
        ("catalogue/c.yaml", b"programs: [rm]\n", "catalogue/c.yaml:1", "names to entries"),
        ("catalogue/c.yaml", b"tools:\n\n  read: {}\n", "catalogue/c.yaml:3", "stands already at catalogue/b.yaml:4"),
        ("catalogue/c.yaml", b"tools:\n  write: 1\n", "catalogue/c.yaml:2", "must be a mapping"),
        ("catalogue/c.yaml", b"tools:\n  write:\n    volatile: x\n", "catalogue/c.yaml:3", "must be a list of texts"),
        ("golden.jsonl", b"{}\n", "golden.jsonl:1", "facts is missing"),
        ("rules/deletes/deletes.rego", b"\xff", "rules/deletes/deletes.rego", "is not UTF-8"),
        ("rules/deletes/other.rego", b"", "rules/deletes/other.rego", "not where a rule stands"),
        ("rules/deletes/deletes.rego", RANDOM, "rules/deletes/deletes.rego:16", "calls rand.intn"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_file_and_line(name: str, raw: bytes | None, place: str, words: str) -> None:
    files = {key: value for key, value in {**FULL, name: raw}.items() if value is not None}
    with pytest.raises(PolicyError, match=words) as caught:
        compile_sources(files, tenant="one")
    assert caught.value.thing == place
