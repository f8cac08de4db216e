"""A remote OPA: fed only with verified bundles, and believed only under their revision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from safety_core.bundle.contents import MAIN
from safety_core.edge.engine import FACTS_LIMIT
from safety_core.edge.opa import OpaEngine
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shipped import bundle_of
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from tests.simulators import opa as simulated
from tests.simulators.repository import SOURCES, rule

BUNDLE = bundle_of({**SOURCES, "rules/any/any.rego": rule("any", "count(input.actions) > 1")})


def facts(*kinds: Kind) -> Facts:
    return Facts("exec", "a", tuple(Action(kind, "rm", "rm", (Target(TargetKind.PATH, "/é"),)) for kind in kinds))


@pytest.fixture
async def opa() -> AsyncIterator[simulated.Opa]:
    async with simulated.running() as running:
        yield running


async def test_both_engines_say_the_same(opa: simulated.Opa) -> None:
    remote, embedded = OpaEngine(opa.url), RegoEngine()
    await remote.load(BUNDLE)
    await embedded.load(BUNDLE)
    for call in (facts(), facts(Kind.DESTROY), facts(Kind.READ, Kind.DESTROY), facts(Kind.READ, Kind.WRITE)):
        assert await remote.judge(call) == await embedded.judge(call)
    await remote.load(BUNDLE)
    await remote.close()
    await remote.close()
    await embedded.close()


async def _slow() -> dict[str, Any]:
    await asyncio.sleep(5)
    return {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "result: is missing"),
        ({"result": "<undefined>"}, "must be an object"),
        ({"result": {"hits": [], "revision": "other"}}, "judges by another policy"),
        ({"result": {"revision": BUNDLE.revision}}, "hits: is missing"),
        ([], "must be an object"),
        (None, "must be an object"),
    ],
)
async def test_no_answer_is_guessed(opa: simulated.Opa, answer: object, words: str) -> None:
    engine = OpaEngine(opa.url)
    await engine.load(BUNDLE)

    async def said() -> object:
        return answer

    opa.answer = said
    with pytest.raises(UnavailableError, match=words):
        await engine.judge(facts())
    await engine.close()


async def test_an_opa_that_is_slow_restarted_or_away_is_no_answer(opa: simulated.Opa) -> None:
    engine = OpaEngine(opa.url, deadline=0.2)
    with pytest.raises(UnavailableError, match="has no policy"):
        await engine.judge(facts())
    await engine.load(BUNDLE)
    opa.answer = _slow
    with pytest.raises(UnavailableError, match="TimeoutError"):
        await engine.judge(facts())
    engine._deadline = 5.0
    opa.answer, opa.policies = None, {}
    with pytest.raises(UnavailableError, match="is missing"):
        await engine.judge(facts())
    opa.status = 500
    with pytest.raises(UnavailableError, match="RegoParseError"):
        await engine.load(BUNDLE)
    with pytest.raises(UnavailableError, match="has no policy"):
        await engine.judge(facts())
    await engine.close()
    away = OpaEngine("http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="ClientConnector"):
        await away.load(BUNDLE)
    await away.close()


async def test_an_opa_that_holds_the_very_bundle_is_not_fed(opa: simulated.Opa) -> None:
    engine = OpaEngine(opa.url)
    await engine.load(BUNDLE)
    fed = opa.fed
    await engine.load(BUNDLE)
    assert opa.fed == fed
    await engine.load(replace(BUNDLE, fingerprint=""))
    assert opa.fed == 2 * fed
    assert len((await engine.judge(facts(Kind.DESTROY))).hits) == 1
    await engine.close()


@pytest.mark.parametrize("change", ["taken", "emptied", "fed by halves", "fed by somebody else"])
async def test_an_opa_that_was_tampered_with_is_no_answer(opa: simulated.Opa, change: str) -> None:
    engine = OpaEngine(opa.url)
    await engine.load(BUNDLE)
    match change:
        case "taken":
            del opa.policies["rules/deletes/deletes.rego"]
        case "emptied":
            opa.policies.clear()
        case "fed by halves":
            del opa.policies[MAIN]
        case _:
            other = OpaEngine(opa.url)
            await other.load(bundle_of(SOURCES))
            await other.close()
    with pytest.raises(UnavailableError, match=r"is missing|another policy"):
        await engine.judge(facts(Kind.DESTROY))
    await engine.close()


@pytest.mark.parametrize("odd", ["\ud800", "x" * FACTS_LIMIT])
async def test_facts_that_engines_read_differently_are_not_sent(opa: simulated.Opa, odd: str) -> None:
    remote, embedded = OpaEngine(opa.url), RegoEngine()
    for engine in (remote, embedded):
        await engine.load(BUNDLE)
        with pytest.raises(LimitError, match="facts of the call"):
            await engine.judge(Facts(odd, "a"))
        assert (await engine.judge(facts())).hits == ()
        await engine.close()


@pytest.mark.parametrize("url", ["http://opa.example:8181", "ftp://127.0.0.1", "opa", "http://", "http://127.0.0.1:x"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError, match="must be https"):
        OpaEngine(url)


def test_loopback_and_tls_are_taken() -> None:
    assert OpaEngine("https://opa.example")._options["port"] == 443
    assert OpaEngine("http://[::1]:1234")._options["host"] == "[::1]"
