"""What somebody would try at the door: fixed sessions, forged forms, false ways on, guessing, other hosts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from hub.console import signin
from hub.console.cookies import cookie_name
from hub.console.routes import OPEN, PAGES
from hub.people import directory, limits, sessions, tidying
from hub.people.limits import neighbourhood
from hub.roles import Role
from hub.store import deeds
from hub.store import sessions as store
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from tests.simulators.arriving import JSON, invite_path, joined, keep_cookie, offered, sign_in
from tests.simulators.authenticator import Authenticator
from tests.simulators.hub import RunningHub, json_of, running_hub
from tests.simulators.visitors import browser, person_with, visitor

STREAM = "/console/events"
"""It never ends."""

CONSOLE = Path(signin.__file__).parent


async def test_a_planted_cookie_becomes_nobodys_session(hub: RunningHub) -> None:
    passkey, _ = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    name, planted = cookie_name(hub.context), "planted" * 6
    http = browser(hub)
    http.headers["Cookie"] = f"{name}={planted}"
    answer = await sign_in(http, passkey)
    assert keep_cookie(hub, http, answer) != planted
    victim = browser(hub)
    victim.headers["Cookie"] = f"{name}={planted}"
    assert (await victim.get("/settings")).status_code == 303


async def test_a_sign_in_ends_the_session_that_the_browser_had(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    before = http.headers["Cookie"]
    keep_cookie(hub, http, await sign_in(http, passkey))
    assert (await http.get("/settings")).status_code == 200
    http.headers["Cookie"] = before
    assert (await http.get("/settings")).status_code == 303


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(hub: RunningHub) -> None:
    olga = await visitor(hub)
    for _ in range(5):
        hub.clock.now += sessions.IDLE_SECONDS - 1000
        last = await olga.get("/settings")
    assert last.status_code == 303, "however much it was used"
    idle = await visitor(hub)
    hub.clock.now += sessions.IDLE_SECONDS + 1
    assert (await idle.get("/settings")).status_code == 303
    await tidying.tidy(hub.context)
    async with hub.context.database.read() as connection:
        assert await store.of_person(connection, idle.person.id, 0.0) == ()


POSTS = sorted(path for method, path, _ in PAGES if method == "POST")


@pytest.mark.parametrize("path", POSTS)
async def test_no_form_of_another_site_or_session_counts(small_hub: RunningHub, path: str) -> None:
    olga, ivan = await visitor(small_hub, "Olga", ("admin", "")), await visitor(small_hub, "Ivan", ("admin", ""))
    here = re.sub(r"\{[^}]*\}", "acme", path)
    tries: list[dict[str, Any]] = [
        {"data": {}},
        {"data": {"csrf": ""}},
        {"data": {"csrf": ivan.csrf}},
        {"data": {"csrf": olga.csrf}, "headers": {"Origin": "https://evil.example"}},
        {"data": {"csrf": olga.csrf}, "headers": {"Origin": "null"}},
        {"data": {"csrf": olga.csrf}, "headers": {"Sec-Fetch-Site": "cross-site"}},
        {"data": {"csrf": olga.csrf}, "headers": {"Sec-Fetch-Site": "same-site"}},
        {"json": {}, "headers": {"Safety-CSRF": ivan.csrf}},
        {"json": {}, "headers": {"Safety-CSRF": olga.csrf, "Origin": "https://evil.example"}},
    ]
    for given in tries:
        answer = await olga.http.post(here, **given)
        assert answer.status_code in {400, 403, 404, 405}, (given, answer.status_code, answer.text)
    assert (await olga.get("/settings")).status_code == 200


async def test_json_of_a_form_is_refused(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    answer = await olga.http.post("/confirm/offer", content=b"{}", headers={"Safety-CSRF": olga.csrf, **JSON})
    assert answer.status_code == 400
    answer = await browser(small_hub).post("/sign-in/offer", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/%09/evil.example".replace("%09", "\t"),
        "/\n/evil.example",
        "\\/evil.example",
        "/a//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
        "/é",
        "/" + "a" * 2001,
    ],
)
async def test_the_way_on_is_ours(small_hub: RunningHub, path: str) -> None:
    assert signin.local_path(path) == "/"
    passkey, http = await joined(small_hub, await person_with(small_hub, "Olga", ("owner", "acme")))
    assert json_of(await sign_in(http, passkey, path)) == {"go": "/"}


@pytest.mark.parametrize("path", ["/", "/history?page=2&to=https://x.example//y", "/people#top"])
def test_a_page_of_ours_is_a_way_on(path: str) -> None:
    assert signin.local_path(path) == path


async def test_who_is_not_signed_in_is_led_there_and_back(small_hub: RunningHub) -> None:
    http = browser(small_hub)
    answer = await http.get("/history?q=a%20b")
    assert answer.headers["location"] == "/sign-in?next=/history%3Fq%3Da%2520b"
    assert 'value="/history?q=a%20b"' in (await http.get(answer.headers["location"])).text
    assert (await http.post("/settings/app")).headers["location"] == "/sign-in"
    for headers in ({"Accept": "application/json"}, {"Sec-Fetch-Dest": "empty"}):
        answer = await http.get("/settings", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")


async def test_guessing_has_to_wait_whoever_guesses(hub: RunningHub) -> None:
    http = browser(hub)
    statuses = [
        (await http.post("/sign-in/passkey", json={"credential": {}}, headers=JSON)).status_code
        for _ in range(limits.ADDRESS_TRIES + 1)
    ]
    assert statuses == [401] * limits.ADDRESS_TRIES + [429]
    answer = await http.post("/sign-in/offer", json={}, headers=JSON)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "300")
    hub.clock.now += 301
    assert (await http.post("/sign-in/offer", json={}, headers=JSON)).status_code == 200
    async with hub.context.database.read() as connection:
        said = await deeds.found(connection, limit=1000)
    assert [deed.deed for _, deed in said].count("sign-in refused") == limits.ADDRESS_TRIES


async def test_an_invite_is_not_guessed(small_hub: RunningHub) -> None:
    http = browser(small_hub)
    statuses = {(await http.get(f"/invite/{guess}")).status_code for guess in range(limits.ADDRESS_TRIES)}
    assert statuses == {404}
    assert (await http.get("/invite/x")).status_code == 429


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "unix", True),
    ],
)
def test_one_guesser_is_one_however_many_addresses(one: str, other: str, same: bool) -> None:
    assert (neighbourhood(one) == neighbourhood(other)) is same


async def test_pages_are_served_at_their_own_address_alone(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub)
    for host in ("evil.example", "localhost", "127.0.0.1:80"):
        answer = await olga.get("/settings", Host=host)
        assert (answer.status_code, answer.headers["location"]) == (
            307,
            small_hub.context.settings.origin + "/settings",
        )
        answer = await olga.http.post("/sign-out", data={"csrf": olga.csrf}, headers={"Host": host})
        assert answer.status_code == 403
    assert (await olga.get("/settings")).status_code == 200


async def test_every_page_forbids_frames_inline_scripts_and_keeping(small_hub: RunningHub) -> None:
    olga = await visitor(small_hub, "Olga", ("admin", ""))
    pages = [path for method, path, _ in (*PAGES, *OPEN) if method == "GET" and "{" not in path and path != STREAM]
    for path in (*pages, "/nothing-here"):
        answer = await olga.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store", path


@pytest.mark.parametrize("file", sorted(CONSOLE.glob("templates/*")), ids=lambda file: file.name)
def test_no_template_holds_a_script_or_style_of_its_own(file: Path) -> None:
    text = file.read_text()
    assert not re.search(r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|\|\s*safe\b|autoescape", text, re.I)
    for script in re.findall(r"<script[^>]*>(?:[^<]*)", text):
        assert re.fullmatch(r"<script src=\"\{\{ asset\('[\w./-]+'\) \}\}\"( defer| type=\"module\")>", script), script


@pytest.mark.parametrize("file", sorted(CONSOLE.glob("static/*.js")), ids=lambda file: file.name)
def test_no_script_makes_code_of_text(file: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", file.read_text()
    )


async def test_errors_are_pages_for_people_and_json_for_programs(small_hub: RunningHub) -> None:
    http = browser(small_hub)
    page = await http.get("/nothing-here")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    answer = await http.get("/v1/nothing-here", headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    answer = await http.get("/nothing-here", headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
    answer = await http.get("/v1/approvals", headers=JSON)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")


async def test_the_cookie_is_for_the_hub_alone(small_hub: RunningHub) -> None:
    passkey, http = await joined(small_hub, await person_with(small_hub, "Olga", ("owner", "acme")))
    (line,) = (await sign_in(http, passkey)).headers.get_list("set-cookie")
    assert re.fullmatch(r"safety=[\w-]{43}; HttpOnly; Max-Age=1209600; Path=/; SameSite=lax", line)


async def test_a_role_has_effect_at_once_and_in_open_pages(hub: RunningHub) -> None:
    olga = await visitor(hub, "Olga", ("viewer", "acme"))
    await directory.give(hub.context, olga.person, Role.OWNER, TenantId("acme"))
    assert (await olga.get("/settings")).status_code == 303


async def test_deeds_say_who_did_what_from_where(hub: RunningHub) -> None:
    passkey, http = await joined(hub, await person_with(hub, "Olga", ("owner", "acme")))
    keep_cookie(hub, http, await sign_in(http, passkey))
    body = {"credential": passkey.get(await offered(http, "/sign-in/offer"), signature="AAAA")}
    await http.post("/sign-in/passkey", json=body, headers=JSON)
    async with hub.context.database.read() as connection:
        said = [(deed.person, deed.deed, deed.address) for _, deed in reversed(await deeds.found(connection))]
    assert said == [
        (directory.CONSOLE, "person added", ""),
        (directory.CONSOLE, "role given: owner", ""),
        (directory.CONSOLE, "invited", ""),
        ("Olga", "passkey added", "127.0.0.1"),
        ("Olga", "sign-in", "127.0.0.1"),
        ("Olga", "sign-in", "127.0.0.1"),
        ("Olga", "sign-in refused", "127.0.0.1"),
    ]


async def test_behind_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "hub", url="https://hub.example") as hub:
        person, http = await person_with(hub, "Olga", ("owner", "acme")), browser(hub)
        path = await invite_path(hub, person)
        made = Authenticator("https://hub.example").create(await offered(http, path + "/offer"))
        answer = await http.post(path + "/passkey", json={"credential": made}, headers=JSON)
        (line,) = answer.headers.get_list("set-cookie")
        assert re.fullmatch(r"__Host-safety=[\w-]{43}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax; Secure", line)
        keep_cookie(hub, http, answer)
        assert (await http.get("/settings")).status_code == 200
        http.headers["Cookie"] = http.headers["Cookie"].removeprefix("__Host-")
        assert (await http.get("/settings")).status_code == 303, "a cookie that another host could plant is none"


async def test_an_address_is_the_one_that_a_proxy_on_this_machine_names(small_hub: RunningHub) -> None:
    passkey, http = await joined(small_hub, await person_with(small_hub, "Olga", ("owner", "acme")))
    http.headers["X-Forwarded-For"] = "203.0.113.9"
    http.headers["X-Forwarded-Proto"] = "https"
    assert (await sign_in(http, passkey)).status_code == 200
    async with small_hub.context.database.read() as connection:
        ((_, deed),) = await deeds.found(connection, limit=1)
    assert (deed.deed, deed.address) == ("sign-in", "203.0.113.9")


DISGUISED = (
    "Olga\u200b", "Ol\u00adga", "\u202eaglO", "\uff2flga", "Olga ", "Olga\u00a0S", "Olga  S", "\ufb01nn", "", "x" * 101,
    "a\x00",
)  # fmt: skip


@pytest.mark.parametrize("name", DISGUISED)
async def test_no_name_looks_like_another_one_by_what_cannot_be_seen(small_hub: RunningHub, name: str) -> None:
    """One person says yes for one: whoever reads who said it must not take it for somebody else's."""
    with pytest.raises(InputError):
        await directory.add(small_hub.context, name)


async def test_names_of_all_writings_are_names(small_hub: RunningHub) -> None:
    for name in ("Jos\u00e9", "\u0418\u0432\u0430\u043d", "\u738b\u5c0f\u660e", "O'Neill-Smith, jr. (ops)"):
        assert (await directory.add(small_hub.context, name)).name == name
    assert (await directory.add(small_hub.context, "Re\u0301mi")).name == "R\u00e9mi"
