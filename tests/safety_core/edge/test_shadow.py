"""A candidate judges in the shadow of the policy in force: it decides nothing, and no trouble of it matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from safety_core.bundle.archive import pack
from safety_core.bundle.source import compile_bundle, compile_sources
from safety_core.canonical import JsonObject
from safety_core.classify.facts import facts_of
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shadow import BEHIND, FAILURES, ReportFile, ShadowEngine, judged_by, shadowed
from safety_core.model.facts import Facts
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Decision
from tests.simulators.repository import rule
from tests.simulators.small_policy import SMALL

IN_FORCE = compile_bundle(SMALL, tenant="one")[1]
LOUDER = {
    **SMALL,
    "rules/deletes/deletes.rego": SMALL["rules/deletes/deletes.rego"].replace(b'"red"', b'"critical_red"'),
}
LISTED = {**SMALL, "catalogue/more.yaml": b"programs:\n  till: {effect: destroy, operands: path}\n"}
ENDLESS = rule("endless", "some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a * b == -1")


class Site:
    """An engine in force with a candidate beside it, and the lines that the candidate left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: list[JsonObject] = []
        self.written = asyncio.Event()
        self.engine: Engine = RegoEngine()

    async def start(self, sources: dict[str, bytes], tenant: str = "one", deadline: float = 5.0) -> Engine:
        path = self.folder / "candidate.tar.gz"
        path.write_bytes(pack(compile_sources(sources, tenant=tenant)))
        inner = RegoEngine()
        await inner.load(IN_FORCE)
        self.engine = shadowed(inner, IN_FORCE, path, self.take, workspace="/workspace", deadline=deadline)
        return self.engine

    async def judge(self, command: str) -> Decision:
        call = ToolCall(CallId("1"), TenantId("one"), AgentId("main"), SessionId("s"), "exec", {"command": command})
        return await judged_by(self.engine, facts_of(call, IN_FORCE.policy.catalogue, "/workspace"), call)

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self.written.clear()
            await self.written.wait()

    def take(self, line: JsonObject) -> None:
        self.lines.append(line)
        self.written.set()

    def events(self, name: str) -> list[JsonObject]:
        return [line for line in self.lines if line["event"] == name]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path)
    yield made
    await made.engine.close()


async def test_what_the_candidate_says_otherwise_is_written_and_never_enforced(site: Site) -> None:
    await site.start(LOUDER)
    decision = await site.judge("rm a")
    assert (decision.revision, [hit.level.word for hit in decision.hits]) == (IN_FORCE.revision, ["red"])
    await site.until(lambda: bool(site.events("differs")))
    [found] = site.events("differs")
    assert found["forms"] == ["rm"]
    assert found["before"]["outcome"] == "ask"  # type: ignore[index,call-overload]
    assert found["after"]["outcome"] == "ask_strong"  # type: ignore[index,call-overload]
    assert "/workspace/a" not in json.dumps({**found, "before": "", "after": ""})
    await site.judge("echo a")
    await site.engine.close()
    await site.engine.close()
    assert site.events("summary")[-1]["differing"] == 1


async def test_a_change_of_the_catalogue_is_seen_too(site: Site) -> None:
    await site.start(LISTED)
    await site.judge("till open")
    await site.until(lambda: bool(site.events("differs")))
    assert site.events("differs")[0]["after"]["level"] == "red"  # type: ignore[index,call-overload]


async def test_a_call_that_its_session_had_a_part_in_is_judged_by_the_facts_in_force(site: Site) -> None:
    engine = await site.start(LISTED)
    assert isinstance(engine, ShadowEngine)
    call = ToolCall(CallId("1"), TenantId("one"), AgentId("main"), SessionId("s"), "exec", {"command": "sh a.sh"})
    await engine.judge_call(call, Facts("exec", "main"))
    assert (await engine.judge(Facts("exec", "main"))).hits == ()
    await engine.close()
    assert site.events("differs") == []


async def test_a_candidate_that_is_slow_is_given_up_and_the_answers_go_on(site: Site) -> None:
    await site.start({**SMALL, "rules/endless/endless.rego": ENDLESS}, deadline=0.2)
    for number in range(FAILURES):
        assert (await site.judge(f"rm a{number}")).hits
    await site.until(lambda: bool(site.events("summary")))
    assert any("given up" in str(line["reason"]) for line in site.events("trouble"))
    assert (await site.judge("rm more")).hits


async def test_a_candidate_that_is_behind_passes_calls_over(site: Site) -> None:
    await site.start({**SMALL, "rules/endless/endless.rego": ENDLESS}, deadline=5.0)
    for number in range(BEHIND + 10):
        assert (await site.judge(f"rm b{number}")).hits
    await site.engine.close()
    assert int(site.events("summary")[-1]["passed_over"]) > 0  # type: ignore[call-overload]


async def test_what_is_no_candidate_leaves_the_engine_as_it_is(site: Site) -> None:
    assert isinstance(await site.start(SMALL, tenant="two"), RegoEngine)
    assert "another tenant" in str(site.events("trouble")[0]["reason"])
    (site.folder / "candidate.tar.gz").write_bytes(b"torn")
    inner = RegoEngine()
    broken = site.folder / "candidate.tar.gz"
    assert shadowed(inner, IN_FORCE, broken, site.take, workspace="/workspace") is inner
    assert (await site.judge("rm a")).hits


async def test_a_candidate_that_does_not_load_is_told(site: Site) -> None:
    await site.start({**SMALL, "rules/b/b.rego": rule("b", "some x in")})
    await site.until(lambda: bool(site.events("trouble")))
    assert "does not load" in str(site.events("trouble")[0]["reason"])
    assert (await site.judge("rm a")).hits


async def test_without_a_call_the_candidate_is_not_asked(site: Site) -> None:
    engine = await site.start(LOUDER)
    assert (await judged_by(engine, Facts("exec", "main"), None)).hits == ()
    inner = RegoEngine()
    await inner.load(IN_FORCE)
    assert isinstance(engine, ShadowEngine)
    await engine.load(IN_FORCE)
    await inner.close()


def test_a_report_file_is_this_users_alone_and_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    sink = ReportFile(tmp_path / "shadow.jsonl")
    sink({"event": "start"})
    sink({"event": "summary"})
    assert (tmp_path / "shadow.jsonl").read_text() == '{"event": "start"}\n{"event": "summary"}\n'
    assert (tmp_path / "shadow.jsonl").stat().st_mode & 0o777 == 0o600
    ReportFile(tmp_path / "nowhere" / "shadow.jsonl")({"event": "start"})


def test_a_report_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_core.edge.shadow.REPORT_LIMIT", 30)
    sink = ReportFile(tmp_path / "shadow.jsonl")
    for _ in range(5):
        sink({"event": "start"})
    assert len((tmp_path / "shadow.jsonl").read_bytes()) <= 30
