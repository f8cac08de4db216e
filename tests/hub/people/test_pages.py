"""Settings and people, as pages: what is there can be seen, and changed by whom it is to change."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from hub.errors import NotFoundError, TooOftenError
from hub.people import directory, keyring, sessions, totp
from hub.roles import Role
from hub.store import passkeys, people
from safety_core.model.tool_call import TenantId
from tests.simulators.arriving import JSON, joined, keep_cookie, offered
from tests.simulators.authenticator import Authenticator
from tests.simulators.hub import RunningHub, json_of
from tests.simulators.visitors import Visitor, browser, csrf_in, person_with, visitor


async def test_another_passkey_is_added_renamed_and_removed_but_never_the_last(hub: RunningHub) -> None:
    olga = await visitor(hub)
    headers = {**JSON, "Safety-CSRF": olga.csrf}
    for name in ("", "key\n two"):
        made = Authenticator(hub.context.settings.origin).create(
            await offered(olga.http, "/settings/passkey/offer", **headers)
        )
        answer = await olga.fetch("/settings/passkey/add", {"credential": made, "name": name})
        assert json_of(answer) == {"go": "/settings"}
    async with hub.context.database.read() as connection:
        first, second = await passkeys.of_person(connection, olga.person.id)
    assert {first.name, second.name} == {"Passkey", "key two"}
    await olga.post("/settings/passkey/rename", passkey=first.credential, name="<b>phone")
    page = await olga.get("/settings")
    assert "&lt;b&gt;phone" in page.text
    other = await visitor(hub, "Olga")
    assert (await olga.post("/settings/passkey/remove", passkey=first.credential)).status_code == 303
    assert (await other.get("/settings")).status_code == 303, "other sessions end with it"
    assert (await olga.post("/settings/passkey/remove", passkey=second.credential)).status_code == 409
    assert (await olga.post("/settings/passkey/remove", passkey=first.credential)).status_code == 404


async def test_what_loosens_asks_for_a_fresh_confirmation(hub: RunningHub) -> None:
    olga = await visitor(hub, "Olga", ("admin", ""), fresh=False)
    for path in ("/settings/passkey", "/settings/app"):
        answer = await olga.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/confirm?next={path}")
    for path in ("/settings/passkey/remove", "/settings/app", "/settings/app/remove"):
        answer = await olga.post(path)
        assert answer.headers["location"].startswith("/confirm?next=/settings")
    for path in ("add", "invite", "give", "take", "let-in"):
        assert (await olga.post(f"/people/{path}")).headers["location"] == "/confirm?next=/people"
    answer = await olga.fetch("/settings/passkey/offer", {})
    assert answer.status_code == 403


async def test_a_confirmation_renews_the_cookie_and_holds_for_minutes(hub: RunningHub) -> None:
    person = await person_with(hub, "Olga", ("admin", ""))
    passkey, http = await joined(hub, person)
    hub.clock.now += sessions.FRESH_SECONDS + 1
    assert (await http.get("/settings/app")).status_code == 303
    page = await http.get("/confirm?next=/settings/app")
    before, csrf = http.headers["Cookie"], csrf_in(page)
    offer = await offered(http, "/confirm/offer", **{"Safety-CSRF": csrf})
    body = {"credential": passkey.get(offer), "next": "/settings/app"}
    answer = await http.post("/confirm/passkey", json=body, headers={**JSON, "Safety-CSRF": csrf})
    assert json_of(answer) == {"go": "/settings/app"}
    keep_cookie(hub, http, answer)
    assert (await http.get("/settings/app")).status_code == 200
    http.headers["Cookie"] = before
    assert (await http.get("/settings/app")).status_code == 303, "the cookie before is nobody's"


async def test_nobody_confirms_with_somebody_elses_passkey(hub: RunningHub) -> None:
    ivan, _ = await joined(hub, await person_with(hub, "Ivan", ("owner", "acme")))
    olga = await visitor(hub, fresh=False)
    headers = {"Safety-CSRF": olga.csrf}
    offer = await offered(olga.http, "/confirm/offer", **headers)
    answer = await olga.fetch("/confirm/passkey", {"credential": ivan.get(offer)})
    assert answer.status_code == 401
    other = await visitor(hub, fresh=False)
    offer = await offered(other.http, "/confirm/offer", **{"Safety-CSRF": other.csrf})
    answer = await olga.fetch("/confirm/passkey", {"credential": ivan.get(offer)})
    assert answer.status_code == 401


async def set_up(olga: Visitor) -> pyotp.TOTP:
    page = await olga.get("/settings/app")
    found = re.search(r'href="(otpauth:[^"]+)"', page.text)
    pending = re.search(r'name="pending" value="([^"]+)"', page.text)
    assert found
    assert pending
    picture = await olga.get(f"/settings/app/{pending[1]}.svg")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")
    assert b"<svg" in picture.content
    app = pyotp.TOTP(parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)["secret"][0])
    answer = await olga.post("/settings/app", pending=pending[1], code=app.at(int(olga.hub.clock.now)))
    assert answer.status_code == 303, answer.text
    return app


async def test_an_app_is_set_up_and_its_codes_count_once(hub: RunningHub) -> None:
    olga = await visitor(hub)
    app, context = await set_up(olga), hub.context
    assert not await totp.check(context, olga.person, app.at(int(hub.clock.now))), "it has set the app up"
    hub.clock.now += 30
    code = app.at(int(hub.clock.now))
    assert await totp.check(context, olga.person, f"{code[:3]} {code[3:]}")
    assert not await totp.check(context, olga.person, code)
    hub.clock.now += 900
    early, late = app.at(int(hub.clock.now) + 30), app.at(int(hub.clock.now) - 60)
    assert not await totp.check(context, olga.person, late)
    assert await totp.check(context, olga.person, early)
    assert not await totp.check(context, olga.person, app.at(int(hub.clock.now))), "an older one than the last"
    assert (await (await visitor(hub)).post("/settings/app/remove")).status_code == 303
    assert not await totp.has(context, olga.person)


async def test_codes_cannot_be_guessed(hub: RunningHub) -> None:
    olga = await visitor(hub)
    await set_up(olga)
    hub.clock.now += 901
    for guess in range(totp.TRIES):
        assert not await totp.check(hub.context, olga.person, f"{guess:06}")
    with pytest.raises(TooOftenError, match="wait 900 seconds"):
        await totp.check(hub.context, olga.person, "000000")
    hub.clock.now += 901
    assert not await totp.check(hub.context, olga.person, "000000")


async def test_a_secret_is_set_up_by_whom_it_was_shown_to(small_hub: RunningHub) -> None:
    hub = small_hub
    olga, ivan = await visitor(hub), await visitor(hub, "Ivan")
    pending = totp.begin(hub.context, olga.person)
    assert (await ivan.post("/settings/app", pending=pending, code="123456")).status_code == 400
    wrong = await olga.post("/settings/app", pending=pending, code="12345x")
    assert wrong.status_code == 403
    assert "is not the one of now" in wrong.text
    olga.hub.clock.now += totp.SETUP_SECONDS + 1
    fresh = await visitor(hub, "Olga")
    assert (await fresh.post("/settings/app", pending=pending, code="123456")).status_code == 400


async def test_somebody_without_a_passkey_confirms_by_a_code(hub: RunningHub) -> None:
    olga = await visitor(hub)
    app = await set_up(olga)
    hub.clock.now += 3600
    stale = await visitor(hub, "Olga", fresh=False)
    wrong = await stale.post("/confirm/code", code="000000", next="/settings/app")
    assert (wrong.status_code, "not the code of now" in wrong.text) == (403, True)
    answer = await stale.post("/confirm/code", code=app.at(int(hub.clock.now)), next="/settings/app")
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/app")
    keep_cookie(hub, stale.http, answer)
    assert (await stale.get("/settings/app")).status_code == 200


async def test_a_code_does_not_stand_in_for_a_passkey_that_is_there(hub: RunningHub) -> None:
    olga = await visitor(hub)
    app = await set_up(olga)
    await joined(hub, olga.person)
    stale = await visitor(hub, "Olga", fresh=False)
    hub.clock.now += 60
    answer = await stale.post("/confirm/code", code=app.at(int(hub.clock.now)))
    assert answer.status_code == 403


async def test_sessions_are_listed_and_ended(hub: RunningHub) -> None:
    olga, phone, tablet = [await visitor(hub) for _ in range(3)]
    ivan = await visitor(hub, "Ivan")
    page = await olga.get("/settings")
    assert page.text.count('name="session"') == 4
    assert (await olga.post("/settings/session/end", session=ivan.opened.session.hash)).status_code == 404
    assert (await ivan.get("/settings")).status_code == 200
    await olga.post("/settings/session/end", session=phone.opened.session.hash)
    assert (await phone.get("/settings")).status_code == 303
    assert (await tablet.get("/settings")).status_code == 200
    await olga.post("/settings/session/end", session="others")
    assert (await tablet.get("/settings")).status_code == 303
    assert (await olga.get("/settings")).status_code == 200


async def test_an_admin_adds_somebody_who_joins_by_the_link(hub: RunningHub) -> None:
    admin = await visitor(hub, "Ada", ("admin", ""))
    await person_with(hub, "Olga", ("owner", "acme"))
    page = await admin.post("/people/add", name="Ivan", email="ivan@example.com", role="viewer", tenant="acme")
    link = re.search(r"http://localhost:\d+(/invite/[\w-]+)", page.text)
    assert link is not None
    assert "Ivan" in (await browser(hub).get(link[1])).text
    assert (await admin.post("/people/add", name="Ivan", role="viewer", tenant="acme")).status_code == 409
    for wrong in ({"name": " "}, {"name": "X", "email": "no"}, {"name": "Y", "role": "king"}):
        fields = {"role": "viewer", "tenant": "acme", **wrong}
        assert (await admin.post("/people/add", **fields)).status_code == 400


async def test_roles_are_given_and_taken_and_end_the_sessions_that_had_other_ones(hub: RunningHub) -> None:
    admin, ivan = await visitor(hub, "Ada", ("admin", "")), await visitor(hub, "Ivan", ("viewer", "acme"))
    assert (await admin.post("/people/give", person=ivan.person.id, role="owner", tenant="acme")).status_code == 303
    assert (await ivan.get("/settings")).status_code == 303
    again = await visitor(hub, "Ivan", ("viewer", "acme"))
    assert (await admin.post("/people/take", person=ivan.person.id, role="owner@acme")).status_code == 303
    assert (await again.get("/settings")).status_code == 303
    assert (await admin.post("/people/take", person=ivan.person.id, role="owner@acme")).status_code == 404
    assert (await admin.post("/people/give", person=ivan.person.id, role="owner", tenant="nowhere")).status_code == 404


async def test_nobody_changes_what_they_may_do_themselves(hub: RunningHub) -> None:
    admin = await visitor(hub, "Ada", ("admin", ""))
    await person_with(hub, "Olga", ("owner", "acme"))
    answer = await admin.post("/people/give", person=admin.person.id, role="owner", tenant="acme")
    assert answer.status_code == 403
    assert (await admin.post("/people/shut-out", person=admin.person.id)).status_code == 403


async def test_an_admin_of_one_tenant_sees_and_changes_that_tenant_alone(hub: RunningHub) -> None:
    admin = await visitor(hub, "Ada", ("admin", "acme"))
    mine = await person_with(hub, "Olga", ("owner", "acme"))
    both = await person_with(hub, "Both", ("owner", "acme"), ("owner", "other"))
    theirs = await person_with(hub, "Theirs", ("owner", "other"))
    page = (await admin.get("/people")).text
    assert "Olga" in page
    assert "Both" in page
    assert "Theirs" not in page
    assert "other" not in page
    assert "roles elsewhere" in page
    assert (await admin.post("/people/invite", person=mine.id)).status_code == 200
    for path, person, status in (("invite", both, 403), ("shut-out", both, 403), ("invite", theirs, 404)):
        assert (await admin.post(f"/people/{path}", person=person.id)).status_code == status
    for tenant in ("other", ""):
        assert (await admin.post("/people/give", person=mine.id, role="owner", tenant=tenant)).status_code == 403
        assert (await admin.post("/people/take", person=both.id, role=f"owner@{tenant}")).status_code == 403


async def test_an_invite_gives_nobody_a_role_at_a_tenant_that_came_later(hub: RunningHub) -> None:
    """Else whoever invites somebody at their own tenant could be that person at another one."""
    admin = await visitor(hub, "Ada", ("admin", "acme"))
    mine = await person_with(hub, "Olga", ("owner", "acme"))
    link = await directory.invite(hub.context, mine, by=admin.person.name)
    await directory.give(hub.context, mine, Role.VIEWER, TenantId("acme"))
    token = link.rpartition("/")[2]
    assert (await keyring.invited(hub.context, token)).id == mine.id
    await person_with(hub, "Olga", ("owner", "other"))
    with pytest.raises(NotFoundError):
        await keyring.invited(hub.context, token)


async def test_an_admin_is_told_before_typing_that_a_confirmation_is_due(small_hub: RunningHub) -> None:
    stale = await visitor(small_hub, "Ada", ("admin", ""), fresh=False)
    assert "/confirm?next=/people" in (await stale.get("/people")).text
    assert "/confirm?next=/people" not in (await (await visitor(small_hub, "Ada")).get("/people")).text


async def test_nobody_who_is_shut_out_is_invited(small_hub: RunningHub) -> None:
    admin, ivan = await visitor(small_hub, "Ada", ("admin", "")), await person_with(small_hub, "Ivan")
    await admin.post("/people/shut-out", person=ivan.id)
    assert (await admin.post("/people/invite", person=ivan.id)).status_code == 403


@pytest.mark.parametrize("role", ["owner", "author", "viewer"])
async def test_only_admins_have_the_page_of_people(small_hub: RunningHub, role: str) -> None:
    someone = await visitor(small_hub, "Olga", (role, "acme"))
    assert (await someone.get("/people")).status_code == 403
    assert (await someone.post("/people/add", name="X", role="admin", tenant="acme")).status_code == 403


async def test_who_is_shut_out_is_out_at_once_and_can_come_back(hub: RunningHub) -> None:
    admin = await visitor(hub, "Ada", ("admin", ""))
    api = await hub.approver("acme", "Olga") if await _tenant(hub) else None
    assert api is not None
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    assert (await api.get("/v1/approvals")).status_code == 200
    olga = await person_with(hub, "Olga")
    assert (await admin.post("/people/shut-out", person=olga.id)).status_code == 303
    assert (await http.get("/settings")).status_code == 303
    assert (await api.get("/v1/approvals")).status_code == 401
    body = {"credential": passkey.get(await offered(http, "/sign-in/offer"))}
    assert (await http.post("/sign-in/passkey", json=body, headers=JSON)).status_code == 401
    assert "shut out" in (await admin.get("/people")).text
    assert (await admin.post("/people/let-in", person=olga.id)).status_code == 303
    body = {"credential": passkey.get(await offered(http, "/sign-in/offer"))}
    assert (await http.post("/sign-in/passkey", json=body, headers=JSON)).status_code == 200
    assert (await api.get("/v1/approvals")).status_code == 401, "a token is drawn anew"


async def test_a_token_counts_for_as_long_as_its_role(hub: RunningHub) -> None:
    assert await _tenant(hub)
    api, admin = await hub.approver("acme", "Olga"), await visitor(hub, "Ada", ("admin", ""))
    async with hub.context.database.read() as connection:
        olga = await people.named(connection, "Olga")
    assert olga is not None
    assert (await api.get("/v1/approvals")).status_code == 200
    await admin.post("/people/take", person=olga.id, role="owner@acme")
    assert (await api.get("/v1/approvals")).status_code == 401


async def _tenant(hub: RunningHub) -> bool:
    await hub.edge("acme")
    return True
