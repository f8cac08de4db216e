"""approvers.yaml: whose answers count, where, how far, and how many it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from safety_core.bundle.approvers import _ALLOWED, CHANNEL, OUTWARD_DAYS, QUORUM, parse_approvers, parse_quorum
from safety_core.bundle.diff import differences
from safety_core.bundle.source import compile_bundle
from safety_core.errors import InputError, PolicyError
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.wire.reader import Reader
from tests.simulators.passkeys import SITE, Authenticator

OLGA = Authenticator.fresh()
HUB = {"id": "hub-1", "kind": "hub", "public": "ab" * 32, "up_to": "critical_red"}
PERSON = {**HUB, "id": "person-1", "kind": "person", "public": "cd" * 32}
CHAT = {**HUB, "id": "channel-1", "kind": "channel", "public": "ef" * 32, "up_to": "red"}


def parsed(*entries: dict[str, Any]) -> Any:
    return parse_approvers(Reader({"approvers": [*entries]}, "data"))


def test_everything_that_can_be_said_of_a_key_is_read() -> None:
    hub = {**HUB, "channels": {"email": "yellow_external", "api": "critical_red"}, "strong": True, "outward_days": 7}
    person = {**PERSON, "names": ["Olga", "Olga K."], "outward_days": 1}
    told = parsed(hub, person, {**OLGA.entry, "outward_days": 30}, CHAT)
    assert dict(told[0].channels) == {"email": Level.YELLOW_EXTERNAL, "api": Level.CRITICAL_RED}
    assert (told[0].strong, told[0].outward_seconds) == (True, 7 * 86_400)
    assert told[1].names == {"Olga", "Olga K."}
    assert (told[2].kind, told[2].site, told[2].names) == (KeyKind.PASSKEY, SITE, {"Olga"})
    assert (told[2].public, told[2].outward_seconds) == (OLGA.pinned.public, 30 * 86_400)
    assert told[3].outward_seconds == 0
    assert parsed(HUB)[0].channels == {}


PASSKEY = OLGA.entry
WRONG: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({**HUB, "site": SITE}, "site", "says nothing of a hub's key"),
    ({**HUB, "names": ["Olga"]}, "names", "says nothing of a hub's key"),
    ({**PERSON, "channels": {}}, "channels", "says nothing of a person's key"),
    ({**PERSON, "strong": True}, "strong", "says nothing of a person's key"),
    ({**CHAT, "outward_days": 1}, "outward_days", "says nothing of a channel's key"),
    ({**PASSKEY, "strong": False}, "strong", "says nothing of a passkey's key"),
    ({**HUB, "channels": {"e-mail link": "red"}}, "channels.e-mail link", "is no channel"),
    ({**HUB, "channels": {"Email": "red"}}, "channels.Email", "is no channel"),
    ({**HUB, "channels": {"email:link": "red"}}, "channels.email:link", "is no channel"),
    ({**HUB, "channels": {"email": "critical_red"}}, "channels.email", "more than a link may approve"),
    ({**HUB, "channels": {"email": "all"}}, "channels.email", "is not one of"),
    ({**HUB, "outward_days": OUTWARD_DAYS + 1}, "outward_days", "must lie in 0 to 366"),
    ({**HUB, "outward_days": 1.5}, "outward_days", "whole number"),
    ({**HUB, "strong": "yes"}, "strong", "true or false"),
    ({**PERSON, "names": []}, "names", "must be names"),
    ({**PERSON, "names": [" Olga"]}, "names", "must be names"),
    ({**PERSON, "names": [""]}, "names", "must be names"),
    ({**PERSON, "names": "Olga"}, "names", "list of texts"),
    ({**PASSKEY, "public": "ab" * 32}, "public", "no SubjectPublicKeyInfo"),
    ({**PASSKEY, "public": "?"}, "public", "not base64"),
    ({name: value for name, value in PASSKEY.items() if name != "names"}, "names", "is missing"),
    ({name: value for name, value in PASSKEY.items() if name != "site"}, "site", "is missing"),
    *(
        ({**PASSKEY, "site": site}, "site", "must be an origin")
        for site in ("hub.example", "https://hub.example/", "https://Hub.example", "http://hub.example", "https://",
                     "https://u@hub.example", "https://hub.example:x", "https://hub.example:0443", "https://[::1",
                     "https://hub.example?x", "", "http://notlocalhost", "http://localhost.example")
    ),
)  # fmt: skip


@pytest.mark.parametrize(("entry", "field", "reason"), WRONG)
def test_what_cannot_be_said_of_a_key_is_refused_and_named(entry: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises((PolicyError, InputError), match=reason) as refused:
        parsed(entry)
    assert refused.value.thing == f"data.approvers[0].{field}"


SITES = ("https://hub.example", "https://hub.example:8443", "http://localhost:8200", "http://one.localhost:8300")


@pytest.mark.parametrize("site", SITES)
def test_a_site_is_an_origin_as_browsers_write_it(site: str) -> None:
    assert parsed({**PASSKEY, "site": site})[0].site == site


def test_one_key_stands_once() -> None:
    with pytest.raises(PolicyError, match="hub-1 stands twice"):
        parsed(HUB, {**PERSON, "id": "hub-1"})
    with pytest.raises(PolicyError, match="is the key of hub-1"):
        parsed(HUB, {**PERSON, "public": HUB["public"]})


def test_a_quorum_is_people_by_level_and_no_fewer_for_what_is_graver() -> None:
    told = parse_quorum(Reader({"red": 2, "critical_red": 3, "yellow_external": 2}, "data.quorum"))
    assert told == {Level.RED: 2, Level.CRITICAL_RED: 3, Level.YELLOW_EXTERNAL: 2}
    for wrong, reason in (
        ({"red": 2}, "asks for fewer people than red"),
        ({"red": 3, "critical_red": 2}, "asks for fewer people than red"),
        ({"yellow": 2, "critical_red": 2}, "asks for fewer people than yellow"),
        ({"critical_red": 0}, "must lie in 1"),
        ({"critical_red": QUORUM + 1}, "must lie in 1"),
        ({"black": 2}, "field that is not known"),
    ):
        with pytest.raises((PolicyError, InputError), match=reason):
            parse_quorum(Reader(wrong, "data.quorum"))


SOURCES = {
    "manifest.yaml": b"name: base\nformat: 1\n",
    "matrix.yaml": (Path(__file__).parents[3] / "policies/matrix.yaml").read_bytes(),
}


def compiled(*entries: dict[str, Any], quorum: dict[str, int] | None = None) -> Any:
    text = json.dumps({"approvers": [*entries], **({"quorum": quorum} if quorum else {})})
    return compile_bundle({**SOURCES, "approvers.yaml": text.encode()}, tenant="one")[1]


def test_differences_are_told_and_whether_they_loosen() -> None:
    hub = {**HUB, "channels": {"email": "red"}, "strong": True, "outward_days": 7}
    (change,) = differences(compiled(HUB), compiled(hub))
    assert change.words == (
        "a hub's key, abababab..., up to critical_red before, now a hub's key, abababab..., up to critical_red, "
        "by email up to red, with a one-time code for what asks for a strong approver, outward grants for 7 days",
    )
    (added,) = differences(compiled(HUB), compiled(HUB, PASSKEY))
    assert added.words[0].endswith(f"up to critical_red, of Olga, on {SITE}")
    assert added.words[0].startswith("nobody's before, now a passkey, ")
    assert added.loosens is True
    more, fewer = compiled(HUB, quorum={"critical_red": 2}), compiled(HUB)
    assert [(one.part, one.name, one.words, one.loosens) for one in differences(fewer, more)] == [
        ("quorum", "people who approve critical_red", ("1 before, now 2",), False)
    ]
    assert [one.loosens for one in differences(more, fewer)] == [True]


def test_the_schema_says_what_the_parser_reads() -> None:
    schema = json.loads((Path(__file__).parents[3] / "policies/schema/approvers.json").read_text())
    approver = schema["$defs"]["approver"]
    common = {"id", "kind", "public", "up_to"}
    assert approver["properties"].keys() == common.union(*_ALLOWED.values())
    assert set(approver["properties"]["kind"]["enum"]) == {kind.value for kind in KeyKind}
    assert set(schema["$defs"]["level"]["enum"]) == {level.word for level in Level}
    assert schema["properties"]["quorum"]["properties"].keys() == {level.word for level in Level}
    assert schema["$defs"]["people"] == {"type": "integer", "minimum": 1, "maximum": QUORUM}
    assert approver["properties"]["channels"]["propertyNames"]["pattern"] == f"^{CHANNEL.pattern}$"
    assert approver["properties"]["outward_days"]["maximum"] == OUTWARD_DAYS
    for part in approver["allOf"]:
        kind = KeyKind(part["if"]["properties"]["kind"]["const"])
        refused = {name for name, rule in part["then"]["properties"].items() if rule is False}
        assert refused == frozenset().union(*_ALLOWED.values()) - _ALLOWED[kind]
