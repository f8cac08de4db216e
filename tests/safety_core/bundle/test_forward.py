"""egress.yaml -> ForwardPolicy: what is listed is read to the last field, and a mistake is told with file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from safety_core.bundle.diff import differences
from safety_core.bundle.forward import catchers_of, parse_forward
from safety_core.bundle.source import compile_bundle
from safety_core.errors import InputError, PolicyError
from safety_core.model.forward import ForwardPolicy, ForwardRule, How
from safety_core.wire.reader import Reader
from tests.simulators.repository import SOURCES

FULL = b"""\
forward:
  default: refuse
  hosts:
    - {host: git.example, ports: [443, 8443], how: tunnel, agents: [main], why: clones}
    - host: .git.example
      how: intercept
      methods: [GET, HEAD]
      body_limit: 1000
      strict: true
    - {host: mirror.example, how: plain}
"""


def compiled(egress: bytes | None, hosts: bytes = b"catchers: [sink.example, Bin.example]\n") -> Any:
    sources = {**SOURCES, "hosts.yaml": hosts}
    return compile_bundle(sources if egress is None else {**sources, "egress.yaml": egress}, tenant="one")[1]


def refused(entry: dict[str, Any], *, default: str = "refuse", catchers: tuple[str, ...] = ()) -> tuple[str, str]:
    data: Any = {"default": default, "hosts": [{"host": "a.example", "how": "intercept", **entry}]}
    with pytest.raises((PolicyError, InputError)) as caught:
        parse_forward(Reader(data, "data.forward"), catchers)
    return caught.value.thing, caught.value.reason


def test_every_field_is_read() -> None:
    assert compiled(FULL).policy.forward == ForwardPolicy(
        (
            ForwardRule("git.example", (443, 8443), How.TUNNEL, agents=frozenset({"main"}), why="clones"),  # type: ignore[arg-type]
            ForwardRule(
                ".git.example", (443,), How.INTERCEPT, frozenset({"GET", "HEAD"}), body_limit=1000, strict=True
            ),
            ForwardRule("mirror.example", (80,), How.PLAIN),
        )
    )


def test_a_policy_without_it_lists_nothing_and_stays_as_it_was() -> None:
    without = compiled(None)
    assert without.policy.forward == ForwardPolicy()
    assert "forward" not in without.data
    assert compiled(b"# nothing yet\n").revision == without.revision
    assert compiled(b"forward: {default: refuse}\n").policy.forward == ForwardPolicy()


@pytest.mark.parametrize(
    ("entry", "field", "words"),
    [
        ({"host": "Git.example"}, "host", "not the name of a host"),
        ({"host": "10.0.0.1"}, "host", "not the name of a host"),
        ({"host": "localhost"}, "host", "not the name of a host"),
        ({"host": ".example"}, "host", "not the name of a host"),
        ({"host": "*.git.example"}, "host", "not the name of a host"),
        ({"host": "https://git.example"}, "host", "not the name of a host"),
        ({"host": "git.example:443"}, "host", "not the name of a host"),
        ({"host": "git.example."}, "host", "not the name of a host"),
        ({"host": "[::1]"}, "host", "not the name of a host"),
        ({"how": "open"}, "how", "'open' is not one of tunnel, intercept, plain"),
        ({"how": "tunnel", "methods": ["GET"]}, "methods", "cannot be seen in a tunnel"),
        ({"how": "tunnel", "strict": True}, "strict", "cannot be seen in a tunnel"),
        ({"how": "tunnel", "body_limit": 1}, "body_limit", "cannot be seen in a tunnel"),
        ({"ports": []}, "ports", "a list of 1 to 16 ports"),
        ({"ports": 443}, "ports", "a list of 1 to 16 ports"),
        ({"ports": [0]}, "ports", "whole numbers from 1 to 65535"),
        ({"ports": [True]}, "ports", "whole numbers from 1 to 65535"),
        ({"ports": [443, 443]}, "ports", "each of them once"),
        ({"methods": []}, "methods", "must name HTTP methods"),
        ({"methods": ["get"]}, "methods", "must name HTTP methods"),
        ({"methods": ["CONNECT"]}, "methods", "cannot name CONNECT"),
        ({"body_limit": 2**40}, "body_limit", "must lie in"),
    ],
)
def test_what_is_wrong_is_named(entry: dict[str, Any], field: str, words: str) -> None:
    thing, reason = refused(entry)
    assert thing == f"data.forward.hosts[0].{field}"
    assert words in reason


def test_a_field_that_is_not_known_is_refused() -> None:
    assert refused({"method": ["GET"]}) == ("data.forward.hosts[0]", "has a field that is not known")


def test_nothing_can_be_let_through_by_default() -> None:
    assert refused({}, default="allow") == ("data.forward.default", "can only be refuse")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("sink.example", "is or lies below sink.example"),
        ("a.sink.example", "is or lies below sink.example"),
        (".sink.example", "is or lies below sink.example"),
        (".b.example", "covers x.b.example"),
    ],
)
def test_a_catcher_is_not_listed_nor_covered(host: str, words: str) -> None:
    assert words in refused({"host": host}, catchers=("sink.example", "x.b.example"))[1]


def test_a_mistake_is_told_with_file_and_line() -> None:
    with pytest.raises(PolicyError) as caught:
        compiled(FULL.replace(b"mirror.example", b"a.bin.example"))
    assert caught.value.thing == "egress.yaml:10"
    assert "bin.example, a catcher of hosts.yaml" in caught.value.reason
    with pytest.raises(PolicyError, match=r"egress.yaml:1: 'forwards' is not a known field"):
        compiled(b"forwards: {}\n")


def test_agents_may_reach_a_host_in_ways_of_their_own() -> None:
    more = FULL + b"    - {host: git.example, how: intercept, agents: [eve]}\n"
    found = compiled(more).policy.forward.find("git.example", 443)
    assert [(rule.how, rule.agents) for rule in found] == [(How.TUNNEL, {"main"}), (How.INTERCEPT, {"eve"})]
    (change,) = differences(compiled(FULL), compiled(more))
    assert (change.name, change.loosens) == ("git.example:443 for eve", True)


def test_a_host_and_port_stand_once() -> None:
    twice = FULL.replace(b"mirror.example, how: plain", b"git.example, ports: [8443], how: plain")
    with pytest.raises(PolicyError, match=r"stands already at data.forward.hosts\[0\] with port 8443"):
        compiled(twice)
    same = twice.replace(b"how: plain", b"how: plain, agents: [eve, main]")
    with pytest.raises(PolicyError, match="for the same agents"):
        compiled(same)
    assert len(compiled(FULL.replace(b"mirror.example", b"git.example")).policy.forward.hosts) == 3


def test_catchers_are_read_from_either_form_of_the_data_for_rules() -> None:
    assert catchers_of({"hosts": {"catchers": ["A.example", 7]}}) == ("a.example",)
    assert catchers_of({"catchers": ["a.example"]}) == ("a.example",)
    assert catchers_of({"hosts": {"catchers": "a.example"}}) == ()
    assert catchers_of({}) == ()


def test_the_closest_name_counts() -> None:
    policy = compiled(FULL).policy.forward
    assert policy.find("git.example", 443) == policy.hosts[:1]
    assert policy.find("a.b.git.example", 443) == policy.hosts[1:2]
    assert policy.find("git.example", 80) == ()
    assert policy.find("evilgit.example", 443) == ()
    assert policy.find("mirror.example.evil.example", 80) == ()
    assert policy.covers("mirror.example")
    assert not policy.covers("example")


def test_differences_are_told() -> None:
    changed = FULL.replace(b"methods: [GET, HEAD]", b"methods: [GET]").replace(
        b"    - {host: mirror.example, how: plain}\n", b""
    )
    told = {one.name: one for one in differences(compiled(FULL), compiled(changed))}
    assert told.keys() == {"mirror.example:80", ".git.example:443"}
    assert told["mirror.example:80"].words == ("plain for every client, every method before, now refused",)
    assert told["mirror.example:80"].loosens is False
    ours = told[".git.example:443"]
    assert ours.words == (
        "intercept for every client, GET, HEAD, bodies up to 1000 bytes, strictly before, "
        "now intercept for every client, GET, bodies up to 1000 bytes, strictly",
    )
    assert ours.loosens is None
    added = [*differences(compiled(None), compiled(FULL))]
    assert [(one.part, one.how.value, one.loosens) for one in added] == [("forward", "added", True)] * 3
    assert "now tunnel for main" in next(one.words[0] for one in added if one.name == "git.example:443,8443 for main")


def test_the_schema_says_what_the_parser_reads() -> None:
    schema = json.loads((Path(__file__).parents[3] / "policies/schema/egress.json").read_text())
    host = schema["$defs"]["host"]
    assert host["properties"].keys() == set(ForwardRule.__slots__)
    assert set(host["properties"]["how"]["enum"]) == {member.value for member in How}
    assert schema["properties"]["forward"]["properties"].keys() == {"default", "hosts"}
