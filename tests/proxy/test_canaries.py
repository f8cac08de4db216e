"""A canary rings wherever it is seen, and is taken out and refused as what nobody may use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from proxy.canaries import SPEAKER, WAITING, Canaries
from proxy.secrets import Secrets
from safety_core.bundle.samples import characters
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import RawKey
from safety_core.errors import CanaryError, SafetyError, UnavailableError
from safety_core.model.secret import SecretName, SecretValue, Use
from safety_core.model.terms import Terms
from safety_core.model.tool_call import AgentId
from tests.proxy.control.setting import Setting, call, control

BAIT = SecretName("backup_key")
VALUE = characters(30, "alnum", "bait")
REFUSED = {"/v1/run": {"status": "refused"}, "/v1/decide": {"decision": "block"}}
USE = Use(AgentId("main"), "exec", "call-1")


@pytest.fixture
async def here(short_path: Path) -> AsyncIterator[Setting]:
    async with control(short_path) as running:
        secrets = running.edge.control.calls.services.secrets
        secrets._vault.put(BAIT, SecretValue(VALUE), now=1.0, terms=Terms(canary="token"))
        running.put(shop_key=characters(30, "alnum", "shop"))
        yield running


def canaries_of(here: Setting) -> Canaries:
    return here.edge.control.calls.services.secrets.canaries


async def rung(here: Setting) -> list[tuple[str, str, int]]:
    """Return what has been written down: the canary, with which agent, how often."""
    await canaries_of(here).end()
    entries = [entry for entry in await here.log() if entry["event"] == "canary"]
    return [(entry["subject"], entry["agent"], entry["counts"]["times"]) for entry in entries]


@pytest.mark.parametrize("path", ["/v1/run", "/v1/decide"])
@pytest.mark.parametrize("value", [VALUE, VALUE.encode().hex(), f"x {VALUE[:15]}\u200b{VALUE[15:]}"])
async def test_a_call_that_shows_it_is_refused(here: Setting, path: str, value: str) -> None:
    answer = await here.ask(path, {"call": call("exec", command=f"echo '{value}'"), "wait": 0})
    assert REFUSED[path].items() <= answer.items()
    assert "canary" in str(answer)
    assert VALUE not in str(answer)
    ((name, agent, times),) = await rung(here)
    assert (name, agent) == (BAIT, "main")
    assert times >= 1
    assert VALUE not in str(await here.log())


async def test_the_password_alone_of_one_that_is_a_url_rings_as_the_url_does(here: Setting) -> None:
    url, password = SecretName("old_database"), characters(20, "alnum", "password")
    vault = here.edge.control.calls.services.secrets._vault
    whole = SecretValue(f"postgresql://app_qwer:{password}@db-asdf:5432/main")
    vault.put(url, whole, now=1.0, terms=Terms(canary="postgres"))
    shown = call("exec", command=f"PGPASSWORD={password} psql -h db-asdf -U app_qwer main")
    answer = await here.ask("/v1/run", {"call": shown, "wait": 0})
    assert answer["status"] == "refused"
    assert "is a canary" in answer["reason"]
    ((name, _, _),) = await rung(here)
    assert name == url


@pytest.mark.parametrize("path", ["/v1/run", "/v1/decide"])
async def test_a_call_that_names_it_is_refused(here: Setting, path: str) -> None:
    answer = await here.ask(path, {"call": call("exec", command=f"echo SECRET_REF({BAIT})"), "wait": 0})
    assert REFUSED[path].items() <= answer.items()
    assert "is a canary, which nobody uses" in str(answer)
    assert await rung(here) == [(BAIT, "main", 1)]


async def test_it_rings_in_a_result_and_is_taken_out(here: Setting) -> None:
    asked = {"call": call("exec", command="cat old.env", agent="support"), "result": {"text": f"KEY={VALUE}"}}
    answer = await here.ask("/v1/result", asked)
    assert VALUE not in str(answer)
    assert (await rung(here))[0][:2] == (BAIT, "support")


async def test_nobody_is_told_that_there_is_one(here: Setting) -> None:
    assert "shop_key" in str(await here.ask("/v1/secrets", {"agent": "main"}))
    assert BAIT not in str(await here.ask("/v1/secrets", {"agent": "main"}))
    needles = (await here.client.get("/v1/needles?agent=main")).json()
    assert f"SECRET_REF({BAIT})" in {needle["ref"] for needle in needles["needles"]}, "but it is looked for"


async def test_an_agent_is_told_of_the_secrets_that_it_may_use(here: Setting) -> None:
    vault = here.edge.control.calls.services.secrets._vault
    vault.change_terms(SecretName("shop_key"), lambda terms: Terms(agents=frozenset({"main"})))
    assert "shop_key" in str(await here.ask("/v1/secrets", {"agent": "main"}))
    assert "shop_key" not in str(await here.ask("/v1/secrets", {"agent": "other"}))
    vault.change_terms(SecretName("shop_key"), lambda terms: Terms())
    assert "shop_key" in str(await here.ask("/v1/secrets", {"agent": "other"}))


async def test_the_status_tells_of_it_and_of_what_ends(here: Setting) -> None:
    status = (await here.client.get("/v1/status")).json()
    assert (status["canaries"], status["ending"]) == ([], [])
    await here.ask("/v1/redact", {"value": VALUE})
    await rung(here)
    vault = here.edge.control.calls.services.secrets._vault
    now = clock.now()
    vault.change_terms(SecretName("shop_key"), lambda terms: terms.lasting(60.0, now))
    status = (await here.client.get("/v1/status")).json()
    ((seen,), (ending,)) = (status["canaries"], status["ending"])
    assert (seen["name"], seen["times"] >= 1, seen["last"] >= now - 60) == (BAIT, True, True)
    assert ending == {"name": "shop_key", "expires": now + 60.0}
    assert canaries_of(here).sum() == (seen["times"], int(seen["last"]))


async def test_who_may_not_use_a_secret_is_refused_before_anybody_is_asked(here: Setting) -> None:
    vault = here.edge.control.calls.services.secrets._vault
    wanted = {"call": call("exec", command="test -n SECRET_REF(shop_key)"), "wait": 0}
    await here.approve((await here.ask("/v1/run", wanted))["approval"]["id"])
    assert (await here.ask("/v1/run", wanted))["status"] == "executed"
    (use,) = vault.uses(SecretName("shop_key"), 9)
    assert (use.agent, use.tool, use.call, use.version) == ("main", "exec", wanted["call"]["id"], 1)
    for terms, word in ((Terms(agents=frozenset({"x"})), "agent"), (Terms(tools=frozenset({"http_request"})), "tool")):
        vault.change_terms(SecretName("shop_key"), partial(lambda terms, _: terms, terms))
        answer = await here.ask("/v1/run", wanted)
        assert answer["status"] == "refused"
        assert f"is not for this {word}" in str(answer)
    vault.change_terms(SecretName("shop_key"), lambda terms: Terms(expires=1.0))
    assert "expired on 1970-01-01" in str(await here.ask("/v1/decide", wanted))
    assert len(vault.uses(SecretName("shop_key"), 9)) == 1


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Vault]:
    with Vault.open(tmp_path / "vault.db", RawKey.of(b"3" * 32)) as vault:
        vault.put(BAIT, SecretValue(VALUE), now=1.0, terms=Terms(canary="token"))
        yield vault


async def test_a_flood_is_counted_and_written_down_once_a_minute(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(clock, "now", lambda: now)
    secrets = Secrets(vault)
    canaries = secrets.canaries
    await secrets.refresh()
    for _ in range(50):
        secrets.scrub(f"x {VALUE}")
    await canaries.record()
    (seen,) = vault.sightings()
    assert seen.times >= 50
    secrets.scrub(f"x {VALUE}")
    await canaries.record()
    assert vault.sightings() == (seen,)
    now = 161.0
    await canaries.record()
    ((_, times, last),) = [(one.name, one.times, one.last) for one in vault.sightings()]
    assert (times > seen.times, last) == (True, 161.0)


async def test_agents_whose_names_are_made_up_are_no_load(vault: Vault) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    for number in range(WAITING * 2):
        SPEAKER.set(f"agent {number} {VALUE}")
        secrets.scrub(f"x {VALUE}")
    assert len(secrets.canaries._waiting) <= WAITING + 1


async def test_it_rings_on_other_threads_too(vault: Vault) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    SPEAKER.set("main")
    await asyncio.to_thread(secrets.scrub, f"x {VALUE}")
    async with asyncio.timeout(60):
        await secrets.canaries.rung.wait()
    assert [*secrets.canaries._waiting] == [(BAIT, "main")]


async def test_what_cannot_be_written_down_is_tried_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    secrets.scrub(f"x {VALUE}")

    def broken(*_: Any) -> None:
        raise UnavailableError("vault", "is full")

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "saw", broken)
        with pytest.raises(SafetyError):
            await secrets.canaries.record()
        await secrets.canaries.end()
    await secrets.canaries.record()
    assert len(vault.sightings()) == 1


async def test_what_is_no_longer_a_canary_no_longer_rings(vault: Vault) -> None:
    secrets = Secrets(vault)
    await secrets.refresh()
    with pytest.raises(CanaryError):
        secrets.lend((BAIT,), USE)
    vault.change_terms(BAIT, lambda terms: replace(terms, canary=""))
    await secrets.refresh()
    assert secrets.canaries.names == frozenset()
    assert secrets.names() == (BAIT,)
    vault.change_terms(BAIT, lambda terms: replace(terms, canary="token"))
    await secrets.refresh()
    assert secrets.canaries.names == {BAIT}
    vault.remove(BAIT)
    await secrets.refresh()
    assert secrets.canaries.names == frozenset()
