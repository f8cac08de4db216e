"""An edge with a candidate in its settings judges by the policy in force, and writes down what the candidate says."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proxy.effects import handlers
from proxy.engine import start_judging
from proxy.settings import Settings
from proxy.settings_source import load_settings
from safety_core.bundle.archive import pack
from safety_core.bundle.source import compile_bundle, compile_sources
from safety_core.canonical import JsonObject
from safety_core.classify.facts import facts_of
from safety_core.edge.journal import Journal
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shadow import ShadowEngine, judged_by
from safety_core.errors import InputError
from safety_core.flow import effects
from safety_core.model.facts import Facts
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall
from safety_core.model.verdict import Decision
from tests.simulators.small_policy import SMALL

BUNDLE = compile_bundle(SMALL, tenant="bakery")[1]
RULE = "rules/deletes/deletes.rego"


def settings(folder: Path, **more: str) -> Settings:
    least = {"SAFETY_HOME": str(folder), "SAFETY_EDGE_TENANT": "bakery", "SAFETY_EDGE_WORKSPACE": "/workspace"}
    return load_settings(
        None, {**least, **{f"SAFETY_EDGE_SHADOW_{name.upper()}": value for name, value in more.items()}}
    )


def test_the_report_lies_in_the_edges_folder_unless_said_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path).shadow.bundle is None
    assert settings(tmp_path).shadow.report == tmp_path / "shadow.jsonl"
    told = settings(tmp_path, bundle="/c.tar.gz", report="/r.jsonl", deadline="2").shadow
    assert (told.bundle, told.report, told.deadline) == (Path("/c.tar.gz"), Path("/r.jsonl"), 2.0)
    for wrong in ({"bundle": "c.tar.gz"}, {"deadline": "0"}):
        with pytest.raises(InputError, match="setting shadow"):
            settings(tmp_path, **wrong)


async def test_without_a_candidate_there_is_one_engine(tmp_path: Path) -> None:
    engine = await start_judging(settings(tmp_path), BUNDLE)
    assert isinstance(engine, RegoEngine)
    await engine.close()


async def test_what_a_candidate_says_otherwise_is_on_record(tmp_path: Path) -> None:
    louder = {**SMALL, RULE: SMALL[RULE].replace(b'"red"', b'"critical_red"')}
    candidate = tmp_path / "candidate.tar.gz"
    candidate.write_bytes(pack(compile_sources(louder, tenant="bakery")))
    told = settings(tmp_path, bundle=str(candidate), deadline="20")
    engine = await start_judging(told, BUNDLE)
    assert isinstance(engine, ShadowEngine)
    call = ToolCall(CallId("1"), TenantId("bakery"), AgentId("main"), SessionId("s"), "exec", {"command": "rm a"})
    decision = await judged_by(engine, facts_of(call, BUNDLE.policy.catalogue, "/workspace"), call)
    assert [hit.level.word for hit in decision.hits] == ["red"]
    while "differs" not in told.shadow.report.read_text():  # noqa: ASYNC110 - another task writes it
        await asyncio.sleep(0.01)
    await engine.close()
    lines = [json.loads(line) for line in told.shadow.report.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["start", "differs", "summary"]


async def test_the_edge_puts_every_call_to_the_candidate() -> None:
    class Told(RegoEngine):
        """An engine of which only the asking matters."""

        async def judge(self, facts: Facts) -> Decision:
            return Decision((), "r")

    report: list[JsonObject] = []
    engine = ShadowEngine(Told(), BUNDLE, BUNDLE, report.append, workspace="/workspace")
    call = ToolCall(CallId("1"), TenantId("bakery"), AgentId("main"), SessionId("s"), "exec", {"command": "echo a"})
    services: Any = SimpleNamespace(**dict.fromkeys(("secrets", "written", "usage", "audit", "lineage")))
    services.approvals = SimpleNamespace(database=None, news=asyncio.Event())
    services.journal = Journal()
    judge = handlers(services, engine)[effects.Judge]
    engine.start()
    async with AsyncExitStack() as stack:  # an engine that stays open when an assertion fails never ends its loop
        stack.push_async_callback(engine.close)
        assert (await judge(effects.Judge(Facts("exec", "main"), call))).revision == "r"
        assert engine.waiting == 1
        assert (await judge(effects.Judge(Facts("exec", "main")))).revision == "r"
        assert engine.waiting == 1, "without the call there is nothing to put to it"


async def test_a_candidate_that_is_not_there_keeps_nothing_from_working(tmp_path: Path) -> None:
    told = settings(tmp_path)
    away = replace(told, shadow=replace(told.shadow, bundle=tmp_path / "no.tar.gz"))
    engine = await start_judging(away, BUNDLE)
    assert isinstance(engine, RegoEngine)
    assert "cannot be read" in told.shadow.report.read_text()
    await engine.close()
