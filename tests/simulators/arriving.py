"""The ways into the console, as a browser goes them: an invite, a passkey, a confirmation."""

from __future__ import annotations

from typing import Any

import httpx2

from hub.console.cookies import cookie_name
from hub.people import directory
from hub.roles import Person
from tests.simulators.authenticator import Authenticator
from tests.simulators.hub import RunningHub, json_of
from tests.simulators.visitors import browser

JSON = {"Accept": "application/json"}


async def invite_path(hub: RunningHub, person: Person) -> str:
    link = await directory.invite(hub.context, person)
    return link.removeprefix(hub.context.settings.origin)


async def offered(http: httpx2.AsyncClient, path: str, **headers: str) -> Any:
    answer = await http.post(path, json={}, headers={**JSON, **headers})
    assert answer.status_code == 200, answer.text
    return json_of(answer)


async def joined(hub: RunningHub, person: Person, **given: Any) -> tuple[Authenticator, httpx2.AsyncClient]:
    """Use an invite; return the passkey that was made, and the browser, signed in."""
    http, path = browser(hub), await invite_path(hub, person)
    made = Authenticator(hub.context.settings.origin, **given)
    credential = made.create(await offered(http, path + "/offer"))
    answer = await http.post(path + "/passkey", json={"credential": credential, "name": "phone"}, headers=JSON)
    assert answer.status_code == 200, answer.text
    keep_cookie(hub, http, answer)
    return made, http


async def sign_in(http: httpx2.AsyncClient, passkey: Authenticator, after: str = "/", **changed: Any) -> Any:
    """Go through the ceremony; return the hub's answer."""
    offer = await offered(http, "/sign-in/offer")
    body = {"credential": passkey.get(offer, **changed), "next": after}
    return await http.post("/sign-in/passkey", json=body, headers=JSON)


def keep_cookie(hub: RunningHub, http: httpx2.AsyncClient, answer: httpx2.Response) -> str:
    """Do what a browser does with the session's cookie; return it."""
    name = cookie_name(hub.context)
    found = [line for line in answer.headers.get_list("set-cookie") if line.startswith(name + "=")]
    assert found, answer.headers
    value = found[-1].partition(";")[0].partition("=")[2]
    http.headers["Cookie"] = f"{name}={value}"
    http.cookies.clear()
    return value
