"""A tenant's overlay adds and tightens; what it loosens it has to say; what is wrong in it is told by file and line."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.bundle.diff import differences
from safety_core.bundle.gather import gather
from safety_core.bundle.overlay import tenants_in
from safety_core.bundle.source import compile_bundle
from safety_core.errors import PolicyError
from safety_core.model.level import Level, Outcome, Tier
from tests.simulators.repository import SOURCES

KEY = "ab" * 32
BASE = {
    **SOURCES,
    "agents.yaml": b"agents:\n  shop: {tier: supervised, tools: [read]}\n",
    "approvers.yaml": b"""\
approvers:
  - {id: hub, kind: hub, public: %s, up_to: red}
quorum: {red: 2, critical_red: 2}
"""
    % KEY.encode(),
    "outward.yaml": b'outward:\n  - {agent: shop, tool: mail, recipient: "@one.example", not_after: 1900000000}\n',
    "hosts.yaml": b"own: [one.example]\n",
    "floors/more.yaml": b"floors: []\n",
}


def data_of(tenant: str = "acme", **files: str) -> Any:
    """Return the merged data; `files` are named agents_yaml, floors__x_yaml."""
    return gather({**BASE, **named(files)}, tenant)[0]


def named(files: dict[str, str]) -> dict[str, bytes]:
    names = {name: f"tenants/acme/{name.replace('__', '/').replace('_yaml', '.yaml')}" for name in files}
    return {names[name]: text.encode() for name, text in files.items()}


def test_nobodys_overlay_changes_nothing() -> None:
    assert data_of("globex", agents_yaml="default_tier: autonomous\n") == gather(BASE)[0]
    assert data_of("", agents_yaml="default_tier: autonomous\n") == gather(BASE)[0]


def test_agents_are_merged_field_by_field() -> None:
    assert data_of(approvers_yaml="approvers: []\n")["approvers"][0]["id"] == "hub"
    found = data_of(agents_yaml="agents:\n  shop: {tier: trusted}\n  desk: {tools: [exec]}\ndefault_tier: supervised\n")
    assert found["agents"] == {"shop": {"tier": "trusted", "tools": ["read"]}, "desk": {"tools": ["exec"]}}
    assert found["default_tier"] == "supervised"


def test_approvers_are_added_or_replaced_and_a_quorum_rises() -> None:
    more = "approvers:\n  - {id: hub, kind: hub, up_to: yellow}\n  - {id: olga}\nquorum: {red: 3, yellow: 2}\n"
    found = data_of(approvers_yaml=more)
    assert [(entry["id"], entry.get("up_to")) for entry in found["approvers"]] == [("hub", "yellow"), ("olga", None)]
    assert found["quorum"] == {"red": 3, "critical_red": 2, "yellow": 2}


def test_grants_hosts_and_floors_are_added() -> None:
    found = data_of(
        outward_yaml='outward:\n  - {agent: shop, tool: mail, recipient: "@two.example", not_after: 1900000000}\n',
        hosts_yaml="own: [one.example, two.example]\nfriends: [three.example]\n",
        floors__own_yaml="floors:\n  - {rule: deletes, reason: nor here}\n",
        egress_yaml="forward:\n  hosts:\n    - {host: git.example, how: tunnel}\n",
    )
    assert [entry["recipient"] for entry in found["outward"]] == ["@one.example", "@two.example"]
    assert found["hosts"] == {"own": ["one.example", "two.example"], "friends": ["three.example"]}
    assert len(found["floors"]) == 2
    assert found["forward"]["hosts"] == [{"host": "git.example", "how": "tunnel"}]


def test_the_matrix_is_tightened_cell_by_cell() -> None:
    sources = {**BASE, **named({"matrix_yaml": "yellow: {trusted: ask}\n"})}
    base, bundle = compile_bundle(BASE, tenant="acme")[1], compile_bundle(sources, tenant="acme")[1]
    assert bundle.policy.matrix[Level.YELLOW, Tier.TRUSTED] is Outcome.ASK
    assert [(change.part, change.loosens) for change in differences(base, bundle)] == [("matrix", False)]


def test_what_is_loosened_is_said_with_a_reason() -> None:
    found = data_of(
        matrix_yaml="yellow: {supervised: allow}\n",
        approvers_yaml="quorum: {red: 1}\n",
        overlay_yaml="loosens:\n  matrix: a lab\n  quorum: one person\n  floors: {deletes: only copies here}\n",
    )
    assert (found["matrix"]["yellow"]["supervised"], found["quorum"], found["floors"]) == (
        "allow",
        {"red": 1, "critical_red": 2},
        [],
    )


def test_floors_that_stay_keep_their_places() -> None:
    files = {
        **BASE,
        "floors/more.yaml": b"floors:\n  - {rule: other, reason: never}\n  - {rule: deletes}\n  - {rule: third}\n",
        **named({"overlay_yaml": "loosens: {floors: {other: a reason}}\n"}),
    }
    with pytest.raises(PolicyError, match=r"floors/more.yaml:3"):
        gather(files, "acme")


def test_the_matrix_still_holds_for_all_levels() -> None:
    sources = {**BASE, **named({"matrix_yaml": "red: {trusted: deny}\n"})}
    with pytest.raises(PolicyError):  # a higher level must not be looser
        compile_bundle(sources, tenant="acme")


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"matrix_yaml": "yellow: {supervised: allow}\n"}, "tenants/acme/matrix.yaml:1"),
        ({"matrix_yaml": "blue: {supervised: ask}\n"}, "tenants/acme/matrix.yaml:1"),
        ({"matrix_yaml": "yellow: {supervised: maybe}\n"}, "tenants/acme/matrix.yaml:1"),
        ({"matrix_yaml": "yellow: {nobody: ask}\n"}, "tenants/acme/matrix.yaml:1"),
        ({"matrix_yaml": "yellow: ask\n"}, "tenants/acme/matrix.yaml:1"),
        ({"approvers_yaml": "quorum: {red: 1}\n"}, "tenants/acme/approvers.yaml:1"),
        ({"approvers_yaml": "quorum: 1\n"}, "tenants/acme/approvers.yaml:1"),
        ({"approvers_yaml": "approvers: {}\n"}, "tenants/acme/approvers.yaml:1"),
        ({"agents_yaml": "agents: []\n"}, "tenants/acme/agents.yaml:1"),
        ({"agents_yaml": "agents:\n  shop: 5\n"}, "tenants/acme/agents.yaml:2"),
        ({"agents_yaml": "tier: trusted\n"}, "tenants/acme/agents.yaml:1"),
        ({"hosts_yaml": "own: one.example\n"}, "tenants/acme/hosts.yaml:1"),
        ({"egress_yaml": "forward: {default: allow, hosts: []}\n"}, "tenants/acme/egress.yaml:1"),
        ({"egress_yaml": "forward: {hosts: 5}\n"}, "tenants/acme/egress.yaml:1"),
        ({"overlay_yaml": "loosens: {floors: {nothing: because}}\n"}, "tenants/acme/overlay.yaml:1"),
        ({"overlay_yaml": "loosens: {floors: {deletes: ''}}\n"}, "tenants/acme/overlay.yaml:1"),
        ({"overlay_yaml": "loosens: {rules: because}\n"}, "tenants/acme/overlay.yaml:1"),
        ({"overlay_yaml": "loosens: all\n"}, "tenants/acme/overlay.yaml:1"),
        (
            {"overlay_yaml": "loosens: {matrix: ' '}\n", "matrix_yaml": "yellow: {supervised: allow}\n"},
            "tenants/acme/overlay.yaml:1",
        ),
    ],
)
def test_what_is_wrong_is_told_by_its_place(files: dict[str, str], place: str) -> None:
    with pytest.raises(PolicyError) as caught:
        data_of(**files)
    assert caught.value.thing.startswith(place)


@pytest.mark.parametrize(
    ("base", "files"),
    [
        ({"agents.yaml": b"agents:\n  shop: 5\n"}, {"agents_yaml": "agents: {shop: {tier: trusted}}\n"}),
        ({"agents.yaml": b"agents: []\n"}, {"agents_yaml": "agents: {shop: {tier: trusted}}\n"}),
        ({"outward.yaml": b"outward: {}\n"}, {"outward_yaml": "outward: []\n"}),
        ({"egress.yaml": b"forward: {default: refuse, hosts: 5}\n"}, {"egress_yaml": "forward: {hosts: []}\n"}),
        ({"egress.yaml": b"forward: 5\n"}, {"egress_yaml": "forward: {hosts: []}\n"}),
    ],
)
def test_what_is_wrong_below_it_is_told_as_well(base: dict[str, bytes], files: dict[str, str]) -> None:
    with pytest.raises(PolicyError) as caught:
        gather({**BASE, **base, **named(files)}, "acme")
    assert not caught.value.thing.startswith("tenants/")


def test_a_quorum_that_is_no_mapping_is_left_to_the_reader_of_policies() -> None:
    files = {**BASE, "approvers.yaml": b"quorum: 5\n", **named({"approvers_yaml": "quorum: {red: 2}\n"})}
    assert gather(files, "acme")[0]["quorum"] == 5


@pytest.mark.parametrize(
    "name", ["tenants/acme/rules.yaml", "tenants/acme.yaml", "tenants/Acme/agents.yaml", "tenants/a/floors/x/y.yaml"]
)
def test_a_file_that_nobody_would_read_is_refused(name: str) -> None:
    with pytest.raises(PolicyError, match="no file of an overlay"):
        tenants_in({name: b""})
    assert tenants_in({"tenants/b/agents.yaml": b"", "tenants/a/floors/x.yaml": b"", "rules/x.rego": b""}) == ("a", "b")
