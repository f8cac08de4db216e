"""The pages of policies: at a glance, releases with their buttons, two revisions compared, calls replayed."""

from __future__ import annotations

import json

import httpx2
import pytest

from hub.console.upload import multipart
from hub.policy import replaying
from hub.store import deeds
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId
from tests.hub.policy.test_releases import Fleet, fleet_of
from tests.simulators.hub import RunningHub
from tests.simulators.repository import SOURCES, Repository, compile_sources, release_of, signed
from tests.simulators.visitors import Visitor, visitor

HOSTILE = "<script>alert(1)</script>"
CALL = {"id": HOSTILE, "tool": "exec", "params": {"command": f"rm -r ./old {HOSTILE}"}}


@pytest.fixture
async def here(small_hub: RunningHub) -> Fleet:
    return await fleet_of(small_hub, "acme", "globex")


@pytest.fixture
async def author(small_hub: RunningHub, here: Fleet) -> Visitor:
    return await visitor(small_hub, "Ada", ("author", ""))


async def test_tenants_and_releases_are_seen_at_a_glance(here: Fleet, author: Visitor) -> None:
    name = await here.make({"tenants": ["acme"], "soak": 3600}, {"percent": 100})
    await here.stage(name, "acme", "globex")
    page = (await author.get("/policies")).text
    assert "calm (version 1)" in page
    assert f"/releases/{name}" in page
    assert "staging" in page
    assert 'name="action" value="start"' in (await author.get(f"/releases/{name}")).text
    assert (await author.post(f"/releases/{name}", action="start")).headers["location"] == f"/releases/{name}"
    await here.pass_time(0)
    shown = (await author.get(f"/releases/{name}")).text
    assert "up to 100 % of all" in shown
    assert "behind" in (await author.get("/policies")).text
    assert (await author.post(f"/releases/{name}", action="halt", reason=HOSTILE)).status_code == 303
    halted = (await author.get(f"/releases/{name}")).text
    assert ("&lt;script&gt;" in halted, "<script>alert" in halted) == (True, False)
    assert (await author.post(f"/releases/{name}", action="halt")).status_code == 409
    assert (await author.post(f"/releases/{name}", action="nonsense")).status_code == 400
    async with here.hub.context.database.read() as connection:
        found = await deeds.about(connection, TenantId(""), name)
    assert {deed.deed for deed in found if deed.person == "Ada"} == {"release start", "release halt"}


async def test_what_brings_a_policy_to_more_tenants_asks_for_a_fresh_confirmation(here: Fleet) -> None:
    name = await here.make()
    await here.stage(name, "acme")
    stale = await visitor(here.hub, "Ada", ("admin", ""), fresh=False)
    answer = await stale.post(f"/releases/{name}", action="start")
    assert answer.headers["location"].startswith("/confirm")
    assert (await here.show(name))["state"] == "staging"
    assert (await stale.post(f"/releases/{name}", action="abandon")).status_code == 303


async def test_who_may_not_sees_and_does_nothing(here: Fleet) -> None:
    name = await here.make()
    await here.stage(name, "acme")
    owner = await visitor(here.hub, "Olga", ("owner", "acme"))
    page = (await owner.get("/policies")).text
    assert ("acme" in page, "globex" in page, name in page) == (True, False, False)
    for path in (f"/releases/{name}", "/policies/globex", "/policies/globex/diff?old=1&new=1", "/policies/%2e%2e"):
        assert (await owner.get(path)).status_code == 404
    assert (await owner.post(f"/releases/{name}", action="start")).status_code == 404
    viewer = await visitor(here.hub, "Vic", ("viewer", ""))
    assert 'value="start"' not in (await viewer.get(f"/releases/{name}")).text
    assert (await viewer.post(f"/releases/{name}", action="start")).status_code == 403
    assert (await send(viewer, "acme", b"{}")).status_code == 403
    forged = await viewer.http.post(f"/releases/{name}", data={"action": "start"})
    assert forged.status_code == 403


def second_revision(source: Repository) -> Repository:
    sources = {**SOURCES, "floors/base.yaml": b"floors: []\n", "hosts.yaml": b"own: [shop.example]\n"}
    matrix = SOURCES["matrix.yaml"].replace(b"supervised: ask, trusted: allow", b"supervised: ask, trusted: ask")
    sources["matrix.yaml"] = matrix
    files = signed(compile_sources(sources, tenant="acme", revision="loose"), "acme")
    return source.publish(release_of(files, "loose", "acme"))


async def publish_second(here: Fleet) -> None:
    here.hub.context.repositories.put(TenantId("acme"), second_revision(here.authors["acme"]).files)


async def test_two_revisions_are_compared_in_words(here: Fleet, author: Visitor) -> None:
    await publish_second(here)
    page = (await author.get("/policies/acme/diff?old=1&new=2")).text
    assert "people may approve it from now on" in page
    assert "1 of these loosens the policy" in page
    assert "Both say the same" in (await author.get("/policies/acme/diff?old=1&new=1")).text
    for query in ("old=1&new=9", "old=1", "old=x&new=1", "old=-1&new=1", "old=1&new=99999999999999"):
        assert (await author.get(f"/policies/acme/diff?{query}")).status_code in {400, 404}


async def send(person: Visitor, tenant: str, calls: bytes, **fields: str) -> httpx2.Response:
    files = {"calls": ("../calls.jsonl", calls, "application/octet-stream")}
    data = {"csrf": person.csrf, "old": "1", "new": "2", **fields}
    return await person.http.post(f"/policies/{tenant}/replay", data=data, files=files, timeout=90)


async def test_calls_that_an_author_brings_are_judged_by_both(here: Fleet, author: Visitor) -> None:
    await publish_second(here)
    lines = "\n".join([json.dumps(CALL), json.dumps({**CALL, "id": "two"}), "not a call"]).encode()
    answer = await send(author, "acme", lines)
    assert answer.status_code == 200, answer.text
    assert "<script>alert" not in answer.text
    assert "1 lines hold no call" in answer.text
    assert "2 calls: 2 would meet a stricter outcome" in answer.text
    assert "&lt;script&gt;" in answer.text
    assert (await send(author, "acme", lines, old="7")).status_code == 404
    assert (await send(author, "acme", b"nothing here\n")).status_code == 400
    assert (await send(author, "acme", b"x" * (replaying.FILE_LIMIT + 1))).status_code == 413
    assert (await send(author, "acme", lines, csrf="wrong")).status_code == 403
    async with here.hub.context.replay:
        assert (await send(author, "acme", lines)).status_code == 429


async def test_a_replay_that_does_not_end_is_ended(
    here: Fleet, author: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish_second(here)
    monkeypatch.setattr(replaying, "SECONDS", -4.9)
    answer = await send(author, "acme", json.dumps(CALL).encode())
    assert (answer.status_code, "did not come to an end" in answer.text) == (503, True)


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="old"\r\n\r\n1\r\n'
    b'--x\r\nContent-Disposition: form-data; name="calls"; filename="a.jsonl"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n{}\r\n\r\n--x--\r\n"
)


def test_a_form_with_a_file_is_read_as_browsers_write_it() -> None:
    assert multipart("multipart/form-data; boundary=x", FORM) == {"old": b"1", "calls": b"{}\r\n"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", FORM),
        ("multipart/form-data", FORM),
        ("multipart/form-data; boundary=" + "x" * 71, FORM),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", FORM[:-8]),
        ("multipart/form-data; boundary=x", b"before" + FORM),
        ("multipart/form-data; boundary=x", FORM + b"after"),
        ("multipart/form-data; boundary=x", FORM.replace(b'"calls"', b'"old"')),
        ("multipart/form-data; boundary=x", FORM.replace(b"form-data; name", b"attachment; name")),
        ("multipart/form-data; boundary=x", FORM[:-7] + FORM[:60] * 30 + b"--x--\r\n"),
    ],
)
def test_a_form_of_another_shape_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(InputError):
        multipart(kind, body)
