"""The embedded engine: right answers, a deadline that holds, and no answer that is guessed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
import uvloop

from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Json, JsonObject
from safety_core.edge.rego import RegoEngine
from safety_core.edge.rego_child import RegoChild
from safety_core.edge.shipped import bundle_of
from safety_core.errors import LimitError, UnavailableError
from safety_core.model.facts import Action, Facts, Kind, Target, TargetKind
from safety_core.model.level import Level
from safety_core.model.verdict import Hit
from tests.simulators.repository import SOURCES, rule

RUNAWAY = rule(
    "runs_away",
    "some a in numbers.range(1, 1000000); some b in numbers.range(1, 1000000); a * b == -1",
    kinds="run_code",
)
ERRS = rule("errs", "some action in input.actions; to_number(action.words) == 1", kinds="money")
WRONG = rule("wrong", "some action in input.actions", kinds="permission").replace(b'"red"', b'lower("CRIMSON")')
"""Its level is none, which shows only when it runs."""

TENFOLD = "; ".join(f'a{n + 1} := concat("", [{", ".join([f"a{n}"] * 10)}])' for n in range(9))
HUGE = rule("huge", f'a0 := "0123456789"; {TENFOLD}; a9 == ""', kinds="control")


def bundle(*rules: bytes) -> TrustedBundle:
    files = dict(SOURCES)
    for raw in rules:
        name = raw.split(b"package safety.rules.")[1].split(b"\n")[0].decode()
        files[f"rules/{name}/{name}.rego"] = raw
    return bundle_of(files)


def call(kind: Kind = Kind.DESTROY, *paths: str, words: str = "") -> Facts:
    targets = tuple(Target(TargetKind.PATH, path) for path in paths or ("/a",))
    return Facts("exec", "agent", (Action(kind, "rm", "rm", targets, words=words),))


@pytest.fixture
async def engine() -> RegoEngine:
    return RegoEngine(deadline=20)


async def test_rules_that_fire_are_named_with_level_and_reason(engine: RegoEngine) -> None:
    loaded = bundle()
    await engine.load(loaded)
    decision = await engine.judge(call(Kind.DESTROY, "/b", "/a", "/b"))
    assert decision.hits == (Hit("deletes", Level.RED, "deletes /a"), Hit("deletes", Level.RED, "deletes /b"))
    assert decision.revision == loaded.revision
    assert (await engine.judge(call(Kind.READ))).hits == ()
    assert await engine.judge(call(Kind.DESTROY, "/b", "/a", "/b")) is decision
    await engine.close()
    await engine.close()


async def test_text_of_any_kind_comes_through(engine: RegoEngine) -> None:
    await engine.load(bundle())
    odd = '/é\u2028\x00"\\\n{}\U0001f600$`'
    assert (await engine.judge(call(Kind.DESTROY, odd))).hits[0].reason == f"deletes {odd}"
    await engine.close()


async def test_a_runaway_rule_is_stopped_and_the_next_call_is_judged() -> None:
    engine = RegoEngine(deadline=1)
    await engine.load(bundle(RUNAWAY))
    with pytest.raises(UnavailableError, match=r"no answer within 1 s"):
        await engine.judge(call(Kind.RUN_CODE))
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


async def test_a_rule_that_errs_or_answers_nonsense_is_no_answer(engine: RegoEngine) -> None:
    await engine.load(bundle(ERRS, WRONG))
    with pytest.raises(UnavailableError, match="errs"):
        await engine.judge(call(Kind.MONEY, words="much"))
    with pytest.raises(UnavailableError, match="is not a level"):
        await engine.judge(call(Kind.PERMISSION))
    with pytest.raises(UnavailableError):
        await engine.ask(["no_such_rule"], {})
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


async def test_a_rule_that_eats_memory_ends_with_its_child() -> None:
    engine = RegoEngine(deadline=20)
    await engine.load(bundle(HUGE))
    with pytest.raises(UnavailableError):
        await engine.judge(call(Kind.CONTROL))
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


async def test_facts_that_are_too_large_are_refused_and_harm_nobody(engine: RegoEngine) -> None:
    await engine.load(bundle())
    with pytest.raises(LimitError, match="facts of the call"):
        await engine.judge(call(Kind.DESTROY, "/" + "a" * 5_000_000))
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


async def test_a_child_that_is_killed_is_replaced(engine: RegoEngine) -> None:
    await engine.load(bundle())
    os.kill(_child(engine), signal.SIGKILL)
    with pytest.raises(UnavailableError, match=r"without an answer|broke off"):
        await engine.judge(call())
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


def test_a_child_that_died_before_it_was_asked_is_replaced_on_the_loop_of_the_edge() -> None:
    async def judged() -> int:
        engine = RegoEngine(deadline=5.0)
        await engine.load(bundle())
        os.kill(_child(engine), signal.SIGKILL)
        assert engine._child is not None
        await engine._child._process.wait()
        await asyncio.sleep(0.2)  # its pipes are known to be closed by now
        with pytest.raises(UnavailableError, match="broke off"):
            await engine.judge(call())
        hits = len((await engine.judge(call())).hits)
        await engine.close()
        return hits

    assert uvloop.run(judged()) == 1


def _child(engine: RegoEngine) -> int:
    child = engine._child
    assert child is not None
    return child._process.pid


async def test_a_cancelled_call_leaves_no_answer_for_the_next(engine: RegoEngine) -> None:
    await engine.load(bundle(RUNAWAY))
    task = asyncio.create_task(engine.judge(call(Kind.RUN_CODE)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await engine.judge(call(Kind.DESTROY, "/z"))).hits[0].reason == "deletes /z"
    await engine.close()


async def test_rules_that_do_not_load_leave_the_old_ones_in_force(engine: RegoEngine) -> None:
    with pytest.raises(UnavailableError, match="has no policy"):
        await engine.judge(call())
    good = bundle()
    await engine.load(good)
    bad = bundle(rule("broken", "some x in"))
    with pytest.raises(UnavailableError, match="broken"):
        await engine.load(bad)
    assert (await engine.judge(call())).revision == good.revision
    await engine.close()


async def test_a_new_bundle_forgets_old_answers(engine: RegoEngine) -> None:
    await engine.load(bundle())
    await engine.judge(call())
    other = bundle(rule("also", "some action in input.actions"))
    await engine.load(other)
    decision = await engine.judge(call())
    assert {hit.rule for hit in decision.hits} == {"deletes", "also"}
    assert decision.revision == other.revision
    await engine.close()


async def test_the_memo_is_bounded() -> None:
    engine = RegoEngine(memo=2)
    await engine.load(bundle())
    first = await engine.judge(call(Kind.DESTROY, "/1"))
    for path in ("/2", "/3"):
        await engine.judge(call(Kind.DESTROY, path))
    assert await engine.judge(call(Kind.DESTROY, "/1")) is not first
    await engine.close()


async def test_calls_at_the_same_time_get_their_own_answers() -> None:
    engine = RegoEngine()
    await engine.load(bundle())
    decisions = await asyncio.gather(*(engine.judge(call(Kind.DESTROY, f"/{number}")) for number in range(50)))
    assert [decision.hits[0].reason for decision in decisions] == [f"deletes /{number}" for number in range(50)]
    await engine.close()


async def test_equal_calls_at_the_same_time_are_judged_once(engine: RegoEngine) -> None:
    await engine.load(bundle())
    decisions = await asyncio.gather(*(engine.judge(call(Kind.DESTROY, "/same")) for _ in range(20)))
    assert all(decision is decisions[0] for decision in decisions)
    await engine.close()


async def test_a_worker_without_a_parent_ends_by_itself() -> None:
    """The kernel's alarm ends a runaway rule even if nobody is left to kill it."""
    engine = RegoEngine(deadline=0.1)
    await engine.load(bundle(RUNAWAY))
    child = engine._child
    assert child is not None
    child._deadline = 10.0
    with pytest.raises(UnavailableError, match="without an answer"):
        await engine.judge(call(Kind.RUN_CODE))
    await engine.close()


async def test_the_folder_it_is_started_in_chooses_no_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: RegoEngine
) -> None:
    (tmp_path / "regorus.py").write_text("raise SystemExit('taken over')")
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    await engine.load(bundle())
    assert len((await engine.judge(call())).hits) == 1
    await engine.close()


async def test_an_interpreter_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, engine: RegoEngine) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(UnavailableError, match="could not be started"):
        await engine.load(bundle())


def _crowd(number: int) -> TrustedBundle:
    """Return a policy with a rule for each of so many programs that no test runs."""
    files = dict(SOURCES)
    for index in range(number):
        text = rule(f"house_{index}", "input.tool").replace(
            b"\npackage", f"\n#   subjects: [tool-{index}]\npackage".encode()
        )
        files[f"rules/house_{index}/house_{index}.rego"] = text
    return bundle_of(files)


async def test_however_many_rules_there_are_a_call_asks_those_that_concern_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[tuple[int, list[str]]]] = []
    ask = RegoChild.ask

    async def watched(child: RegoChild, shards: list[tuple[int, list[str]]], facts: JsonObject) -> list[Json]:
        asked.append(shards)
        return await ask(child, shards, facts)

    monkeypatch.setattr(RegoChild, "ask", watched)
    for number in (10, 500):
        engine = RegoEngine()
        await engine.load(_crowd(number))
        assert [hit.rule for hit in (await engine.judge(call())).hits] == ["deletes"]
        assert [hit.rule for hit in await engine.ask([f"house_{number - 1}"], {"tool": "x"})] == [f"house_{number - 1}"]
        await engine.close()
    assert asked[0] == asked[2] == [(0, ["deletes"])]
    assert asked[1][0][0] == 0
    assert asked[3][0][0] > 0


async def test_calls_are_judged_by_the_old_rules_while_new_ones_load(engine: RegoEngine) -> None:
    old, new = bundle(), _crowd(300)
    await engine.load(old)
    loading = asyncio.create_task(engine.load(new))
    revisions = []
    while not loading.done():
        revisions.append((await engine.judge(call(Kind.DESTROY, f"/{len(revisions)}"))).revision)
    await loading
    assert revisions.count(old.revision) > 1
    assert (await engine.judge(call())).revision == new.revision
    await engine.close()
