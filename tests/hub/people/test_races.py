"""What counts once counts once, however many ask at the same moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pyotp

from hub.errors import NotFoundError, TooOftenError, UnauthenticatedError
from hub.people import keyring, limits, totp
from hub.people.sessions import Browser, SignedIn
from hub.store import passkeys, people
from tests.simulators.arriving import JSON, invite_path, joined, offered
from tests.simulators.authenticator import Authenticator
from tests.simulators.hub import RunningHub
from tests.simulators.visitors import browser, person_with, visitor

MANY = 8


async def outcomes(*work: Any) -> Counter[str]:
    done = await asyncio.gather(*work, return_exceptions=True)
    return Counter(type(each).__name__ for each in done)


async def test_one_of_many_that_use_an_invite_joins(hub: RunningHub) -> None:
    person, http = await person_with(hub, "Olga"), browser(hub)
    path = await invite_path(hub, person)
    made = [
        Authenticator(hub.context.settings.origin).create(await offered(http, path + "/offer")) for _ in range(MANY)
    ]
    token = path.rpartition("/")[2]
    found = await outcomes(*(keyring.join(hub.context, token, each, "", Browser()) for each in made))
    assert found == {"Opened": 1, NotFoundError.__name__: MANY - 1}
    async with hub.context.database.read() as connection:
        assert len(await passkeys.of_person(connection, person.id)) == 1


async def test_one_answer_to_an_offer_counts(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    body = {"credential": passkey.get(await offered(http, "/sign-in/offer"))}
    answers = await asyncio.gather(*(http.post("/sign-in/passkey", json=body, headers=JSON) for _ in range(MANY)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: MANY - 1}


async def test_one_use_of_a_code_counts(hub: RunningHub) -> None:
    olga = await visitor(hub)
    who = SignedIn(olga.opened.session, olga.person, await roles_of(hub, olga.person.id))
    pending = totp.begin(hub.context, olga.person)
    app = pyotp.TOTP(totp.shown(hub.context, olga.person, pending)[0])
    await totp.finish(hub.context, who, pending, app.at(int(hub.clock.now)))
    hub.clock.now += 2000
    code = app.at(int(hub.clock.now))
    found = await asyncio.gather(
        *(totp.check(hub.context, olga.person, code) for _ in range(MANY)), return_exceptions=True
    )
    assert found.count(True) == 1
    assert all(each in {True, False} or isinstance(each, TooOftenError) for each in found)


async def test_attempts_at_the_same_time_are_all_counted(hub: RunningHub) -> None:
    found = await outcomes(*(limits.spend(hub.context, "door", 5) for _ in range(4 * MANY)))
    assert found == {"NoneType": 5, TooOftenError.__name__: 4 * MANY - 5}


async def test_the_last_passkey_stays_when_all_are_removed_at_once(hub: RunningHub) -> None:
    olga = await visitor(hub)
    headers = {**JSON, "Safety-CSRF": olga.csrf}
    for _ in range(2):
        made = Authenticator(hub.context.settings.origin).create(
            await offered(olga.http, "/settings/passkey/offer", **headers)
        )
        await olga.fetch("/settings/passkey/add", {"credential": made})
    async with hub.context.database.read() as connection:
        known = await passkeys.of_person(connection, olga.person.id)
    who = SignedIn(olga.opened.session, olga.person, await roles_of(hub, olga.person.id))
    await outcomes(*(keyring.remove(hub.context, who, passkey.credential) for passkey in known))
    async with hub.context.database.read() as connection:
        assert len(await passkeys.of_person(connection, olga.person.id)) == 1


async def test_a_passkey_that_counts_is_used_once_for_each_count(hub: RunningHub) -> None:
    passkey, _ = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")), counts=True)
    async with hub.context.database.read() as connection:
        known = await passkeys.find(connection, passkey.create({"user": {"id": ""}, "challenge": ""})["id"])
    assert known is not None

    async def use() -> None:
        async with hub.context.database.write() as connection:
            if not await passkeys.note_use(connection, known.credential, known.sign_count + 1, 0.0):
                raise UnauthenticatedError("passkey", "was copied")

    assert await outcomes(*(use() for _ in range(MANY))) == {"NoneType": 1, UnauthenticatedError.__name__: MANY - 1}


async def roles_of(hub: RunningHub, person: str) -> Any:
    async with hub.context.database.read() as connection:
        return await people.roles_of(connection, person)
