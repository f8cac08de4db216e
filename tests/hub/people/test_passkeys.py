"""Passkeys: made by an invite, good for signing in, and for nobody else, nowhere else, not twice."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cbor2 import dumps, loads
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hub.people import directory
from hub.store import deeds, passkeys, people
from safety_core.assertion import passkey_public
from tests.simulators.arriving import JSON, invite_path, joined, keep_cookie, offered, sign_in
from tests.simulators.authenticator import UP, Authenticator, b64, raw_of
from tests.simulators.hub import RunningHub, json_of
from tests.simulators.visitors import browser, person_with, visitor


async def told(hub: RunningHub) -> list[tuple[str, str]]:
    async with hub.context.database.read() as connection:
        return [(deed.person, deed.deed) for _, deed in reversed(await deeds.found(connection))]


KEYS: dict[str, Any] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("kind", KEYS)
async def test_an_invite_makes_a_passkey_and_the_passkey_signs_in(hub: RunningHub, kind: str) -> None:
    person = await person_with(hub, "Olga", ("owner", "acme"))
    passkey, http = await joined(hub, person, key=KEYS[kind]())
    assert "Olga" in (await http.get("/")).text
    other = browser(hub)
    answer = await sign_in(other, passkey, "/history?page=2")
    assert (answer.status_code, json_of(answer)) == (200, {"go": "/history?page=2"})
    keep_cookie(hub, other, answer)
    assert (await other.get("/")).status_code == 200
    async with hub.context.database.read() as connection:
        (kept,) = await passkeys.of_person(connection, person.id)
    assert (kept.name, kept.used) == ("phone", hub.clock.now)
    passkey_public(base64.b64encode(kept.spki).decode())
    assert ("Olga", "passkey added") in await told(hub)
    assert (await told(hub))[-1] == ("Olga", "sign-in")


async def test_an_offer_is_answered_once(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    body = {"credential": passkey.get(await offered(http, "/sign-in/offer"))}
    assert (await http.post("/sign-in/passkey", json=body, headers=JSON)).status_code == 200
    assert (await http.post("/sign-in/passkey", json=body, headers=JSON)).status_code == 401
    assert (await told(hub))[-1][1] == "sign-in refused"


async def test_an_offer_waits_for_minutes_and_for_one_ceremony(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    late = {"credential": passkey.get(await offered(http, "/sign-in/offer"))}
    hub.clock.now += 301
    assert (await http.post("/sign-in/passkey", json=late, headers=JSON)).status_code == 401
    olga = await visitor(hub, "Olga")
    other = {"credential": passkey.get(await offered(olga.http, "/confirm/offer", **{"Safety-CSRF": olga.csrf}))}
    assert (await http.post("/sign-in/passkey", json=other, headers=JSON)).status_code == 401


LIES: dict[str, dict[str, Any]] = {
    "on another site": {"origin": "http://localhost.evil.example"},
    "in a frame": {"framed": True},
    "without unlocking it": {"flags": UP},
    "with another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "for somebody else": {"handle": bytes(16)},
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_was_signed_otherwise_is_refused_alike(small_hub: RunningHub, lie: str) -> None:
    hub = small_hub
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    for name, value in LIES[lie].items():
        setattr(passkey, name, value)
    answer = await sign_in(http, passkey)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": b64(bytes(64))},
        {"signature": "?"},
        {"authenticatorData": b64(bytes(5))},
        {"clientDataJSON": b64(b"{}")},
        {"clientDataJSON": b64(b"\xff")},
        {"clientDataJSON": 7},
        {"userHandle": "?"},
        {"userHandle": 5},
    ],
)
async def test_what_no_browser_sends_is_refused(small_hub: RunningHub, changed: dict[str, Any]) -> None:
    passkey, http = await joined(small_hub, await person_with(small_hub, "Olga", ("owner", "acme")))
    assert (await sign_in(http, passkey, **changed)).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"credential": 1}, {"credential": {}, "next": "/"}, {"credential": {"response": 1}}]
)
async def test_a_message_of_another_shape_is_refused(small_hub: RunningHub, body: dict[str, Any]) -> None:
    answer = await browser(small_hub).post("/sign-in/passkey", json=body, headers=JSON)
    assert answer.status_code in {400, 401}


async def test_a_passkey_that_was_copied_is_noticed(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")), counts=True)
    assert (await sign_in(http, passkey)).status_code == 200
    passkey.count -= 1
    answer = await sign_in(http, passkey)
    assert (answer.status_code, json_of(answer)["error"]["reason"][:19]) == (401, "may have been copie")


async def test_an_invite_is_looked_at_freely_used_once_and_replaced_by_a_new_one(hub: RunningHub) -> None:
    person = await person_with(hub, "Olga", ("owner", "acme"))
    first, http = await invite_path(hub, person), browser(hub)
    second = await invite_path(hub, person)
    assert (await http.get(first)).status_code == 404
    assert [(await http.get(second)).status_code for _ in range(2)] == [200, 200]
    passkey = Authenticator(hub.context.settings.origin)
    made = passkey.create(await offered(http, second + "/offer"))
    again = Authenticator(hub.context.settings.origin).create(await offered(http, second + "/offer"))
    assert (await http.post(second + "/passkey", json={"credential": made}, headers=JSON)).status_code == 200
    assert (await http.post(second + "/passkey", json={"credential": again}, headers=JSON)).status_code == 404
    assert (await http.get(second)).status_code == 404
    async with hub.context.database.read() as connection:
        assert len(await passkeys.of_person(connection, person.id)) == 1


async def test_an_invite_is_too_old_after_three_days_and_nobody_elses(hub: RunningHub) -> None:
    olga, ivan = await person_with(hub, "Olga"), await person_with(hub, "Ivan")
    hers, his, http = await invite_path(hub, olga), await invite_path(hub, ivan), browser(hub)
    made = Authenticator(hub.context.settings.origin).create(await offered(http, hers + "/offer"))
    assert (await http.post(his + "/passkey", json={"credential": made}, headers=JSON)).status_code == 401
    hub.clock.now += directory.INVITE_SECONDS + 1
    assert (await http.get(hers)).status_code == 404
    async with hub.context.database.read() as connection:
        assert not await people.open_invite(connection, olga.id, hub.clock.now)


async def test_a_weak_key_is_not_kept(small_hub: RunningHub) -> None:
    hub = small_hub
    person, http = await person_with(hub, "Olga"), browser(hub)
    path = await invite_path(hub, person)
    weak = Authenticator(hub.context.settings.origin, key=rsa.generate_private_key(65537, 1024))
    made = weak.create(await offered(http, path + "/offer"))
    answer = await http.post(path + "/passkey", json={"credential": made}, headers=JSON)
    assert answer.status_code == 400
    assert (await http.get(path)).status_code == 200, "the invite is still good"


async def test_a_passkey_without_a_person_behind_it_is_not_made(small_hub: RunningHub) -> None:
    hub = small_hub
    http, path = browser(hub), await invite_path(hub, await person_with(hub, "Olga"))
    made = Authenticator(hub.context.settings.origin, flags=UP).create(await offered(http, path + "/offer"))
    assert (await http.post(path + "/passkey", json={"credential": made}, headers=JSON)).status_code == 401


STATEMENTS: list[Any] = [
    None,
    5,
    {"fmt": "none", "attStmt": {"sig": b"x"}},
    {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x"}},
    {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"x", "x5c": [b"x"]}},
    {"fmt": "android-safetynet", "attStmt": {"ver": "1", "response": 5}},
    {"fmt": "tpm", "attStmt": {"ver": "2.0", "alg": -257, "certInfo": b"", "pubArea": b"", "x5c": [b""], "sig": b""}},
    {"fmt": "compound", "attStmt": []},
    {"fmt": "none", "attStmt": {}, "authData": b""},
]


@pytest.mark.parametrize("said", STATEMENTS)
async def test_an_attestation_that_no_browser_makes_is_refused(small_hub: RunningHub, said: Any) -> None:
    http, path = browser(small_hub), await invite_path(small_hub, await person_with(small_hub, "Olga"))
    made = Authenticator(small_hub.context.settings.origin).create(await offered(http, path + "/offer"))
    true = loads(raw_of(made["response"]["attestationObject"]))
    made["response"]["attestationObject"] = b64(dumps({**true, **said} if isinstance(said, dict) else said))
    answer = await http.post(path + "/passkey", json={"credential": made}, headers=JSON)
    assert answer.status_code == 401
    assert (await http.get(path)).status_code == 200, "the invite is still good"
