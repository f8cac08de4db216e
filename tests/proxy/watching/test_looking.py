"""A whole edge between a client and a scripted model: what people see of it is what happened."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rich.console import Console

from proxy.control.endpoint import TokenGuard
from proxy.control.routes import LOCAL, ROUTES, control_app
from safety_core.cli.demo.answers import COST, say
from safety_core.cli.demo.model import Model
from safety_core.cli.top import ask as ask_top
from safety_core.cli.top import view
from safety_core.cli.usage.span import Span
from safety_core.errors import InputError
from safety_core.flow.dialect import Operation, Purpose
from safety_core.wire.usage_report import Asked
from tests.proxy.control.setting import Setting, bundle, control
from tests.proxy.egress.setting import served
from tests.proxy.watching.collector import attributes, collector
from tests.proxy.watching.exchanges import prompt

TOKEN = "edge-client-" + "token-of-ada"
AGENTS = "default_tier: trusted\nagents:\n  ada:\n    budget:\n      tokens_per_day: 1000000\n"
TALK = [{"role": "user", "content": "hello"}]


@dataclass
class Edge:
    """A running edge. `client` speaks to its egress as ada."""

    control: Setting
    client: httpx2.AsyncClient
    model: Model

    async def ask(self, **fields: Any) -> httpx2.Response:
        body = {"model": "m-1", "messages": TALK, **fields}
        return await self.client.post("/openai/v1/chat/completions", json=body)

    async def get(self, path: str) -> Any:
        answer = await self.control.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json() if path.startswith("/v1") else answer.text

    async def round(self, task: str) -> None:
        (pace,) = [pace for pace in self.control.edge.paces if pace.name == task]
        await pace.round()


@asynccontextmanager
async def edge(folder: Path, **environ: str) -> AsyncGenerator[Edge, None]:
    async with Model(say("it was fine")) as model:
        provider = {"base_url": model.url, "private": True}
        told = {
            "SAFETY_EDGE_EGRESS_PROVIDERS": json.dumps({"openai": provider}),
            "SAFETY_EDGE_CLIENTS": json.dumps({"ada": hashlib.sha256(TOKEN.encode()).hexdigest()}),
            **environ,
        }
        async with control(folder, bundle(AGENTS), told) as setting, served(setting.edge.egress) as url:
            headers = {"authorization": f"Bearer {TOKEN}"}
            async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
                yield Edge(setting, client, model)


async def test_what_went_through_is_seen_everywhere(short_path: Path) -> None:
    async with edge(short_path) as here:
        for _ in range(3):
            assert (await here.ask()).status_code == 200
        await here.get("/v1/status")
        top = await here.get("/v1/top")
        assert top["minute"] == {
            "requests": 3,
            "input": 3 * COST.input_total,
            "output": 3 * COST.output_total,
            "redactions": 0,
            "refused": 0,
        }
        assert top["running"] == []
        assert 0 < top["latency"]["added"]["p50"] < top["latency"]["request"]["p99"]
        assert {row["budget"] for row in top["budgets"]} == {"tokens_per_day"}
        usage = await here.get("/v1/usage?by=agent")
        assert [(row["key"], row["requests"]) for row in usage["rows"]] == [("ada", 3)]
        assert usage["breaks"] == {"all": 0, "by_redaction": 0}
        metrics = await here.get("/metrics")
        assert 'safety_requests_total{agent="ada",model="m-1",provider="openai",status="200"} 3.0' in metrics
        assert 'safety_budget_used_ratio{agent="ada",budget="tokens_per_day"}' in metrics
        assert "safety_policy_age_seconds" in metrics


async def test_the_command_line_reads_what_the_edge_answers(short_path: Path) -> None:
    async with edge(short_path) as here:
        await here.ask()
        span = Span(None, None, None, short_path / "s")
        report = await asyncio.to_thread(span.report, Asked(0, 10**11, "model"))
        assert [(row.key, row.requests) for row in report.rows] == [("openai/m-1", 1)]
        assert (report.breaks, len(report.over_time)) == ((0, 0), 1)
        screen = Console(file=io.StringIO(), width=120)
        screen.print(view(await asyncio.to_thread(ask_top, short_path / "s")))
        assert f"{COST.input_total:,} in" in screen.file.getvalue()  # type: ignore[attr-defined]
        with pytest.raises(InputError, match="query parameter by"):
            await asyncio.to_thread(span.report, Asked(0, 1, "moon"))  # type: ignore[arg-type]


async def test_what_is_under_way_is_shown_with_its_model(short_path: Path) -> None:
    secret = "model-" + "Zr2pLx9" + "mWt4Hd8q"
    async with edge(short_path) as here:
        here.control.put(MODEL=secret)
        traffic = here.control.edge.control.looking.traffic
        bodies = (b'{"model": "m-1", "messages"', b'{"x": "' + b"x" * 10000 + b'", "model":"m-2"}', b"{}")
        under_way = [prompt(body=body) for body in (*bodies, f'{{"model": "{secret}"}}'.encode())]
        named = prompt(operation=Operation(Purpose.TURN, "m-path"))
        for one in (*under_way, named):
            traffic.began(one)
        await here.get("/v1/status")
        top = await here.get("/v1/top")
        assert [row["model"] for row in top["running"]] == ["m-1", "m-2", "", "SECRET_REF(MODEL)", "m-path"]
        assert {row["agent"] for row in top["running"]} == {"ada"}
        for _ in range(30):
            traffic.began(prompt())
        top = await here.get("/v1/top")
        assert (len(top["running"]), top["running_count"]) == (20, 35)


async def test_a_refusal_is_seen_with_its_rule(short_path: Path) -> None:
    async with edge(short_path) as here:
        await here.control.ask("/v1/halt", {"agent": "ada", "halt": True, "reason": "test"})
        assert (await here.ask()).status_code == 424
        top = await here.get("/v1/top")
        assert (top["minute"]["refused"], top["refusals"]) == (1, {"HaltedError": 1})
        assert 'safety_refusals_total{rule="HaltedError"} 1.0' in await here.get("/metrics")


async def test_a_secret_registered_in_mid_conversation_is_named_as_the_cause(short_path: Path) -> None:
    """The law of the placeholders makes it the only break: afterwards the prefix holds again."""
    value = "nimbus-" + "Zr2pLx9" + "mWt4Hd8q"
    talk = [{"role": "user", "content": f"log in with {value}"}, {"role": "assistant", "content": "done"}]
    async with edge(short_path) as here:
        await here.ask(messages=talk)
        here.control.put(DEPLOY=value)
        longer = [*talk, {"role": "user", "content": "again"}]
        await here.ask(messages=longer)
        await here.ask(messages=[*longer, {"role": "assistant", "content": "done"}])
        await here.control.edge.control.turns.prefixes.aclose()
        (row,) = (await here.get("/v1/status"))["interlock"]["prefixes"]
        assert row["last"] == "redaction: a secret was registered that stands in message 1 of 3"
        assert (row["broken"], row["by_redaction"], row["kept"]) == (1, 1, 3)
        entries = [entry for entry in await here.control.log() if entry["event"] == "prefix_broken"]
        assert [entry["rules"] for entry in entries] == [["message_rewritten", "redaction"]]
        assert value not in str(entries)
        assert (await here.get("/v1/top"))["prefixes"] == {"broken": 1, "by_redaction": 1}


async def test_twenty_turns_with_a_secret_in_them_break_nothing(short_path: Path) -> None:
    """What the placeholders promise: the same value is the same bytes in every turn, wherever it stands."""
    value = "nimbus-" + "Zr2pLx9" + "mWt4Hd8q"
    async with edge(short_path) as here:
        here.control.put(DEPLOY=value)
        tools = [{"type": "function", "function": {"name": name, "description": f"uses {value}"}} for name in "ab"]
        talk = [{"role": "system", "content": f"the key is {value}"}]
        for turn in range(20):
            talk += [{"role": "user", "content": f"turn {turn}: {value}"}, {"role": "assistant", "content": "done"}]
            await here.ask(messages=talk, tools=tools)
        (row,) = (await here.get("/v1/status"))["interlock"]["prefixes"]
        assert (row["broken"], row["kept"]) == (0, 2 + 1 + 2 * 19)
        heads = {json.dumps(request.json()["messages"][:2]) for request in here.model.requests}
        assert len(heads) == 1
        assert value not in str(here.model.requests)


async def test_prometheus_comes_with_the_token(short_path: Path) -> None:
    token = "control-" + "t" * 32
    async with edge(short_path) as here:
        guarded = TokenGuard(
            control_app(here.control.edge.control, local=False), hashlib.sha256(token.encode()).digest()
        )
        async with (
            served(guarded) as url,
            httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False) as client,
        ):
            assert (await client.get("/metrics")).status_code == 401
            answer = await client.get("/metrics", headers={"authorization": f"Bearer {token}"})
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "safety_in_flight 0.0" in answer.text


async def test_what_is_no_question_for_usage_is_refused(short_path: Path) -> None:
    async with edge(short_path) as here:
        answer = await here.control.client.get("/v1/usage?by=moon")
        assert (answer.status_code, answer.json()["error"]["thing"]) == (400, "query parameter by")


async def test_spans_reach_the_collector_beside_the_traffic(short_path: Path) -> None:
    async with collector(holds=True) as there, edge(short_path, SAFETY_EDGE_TELEMETRY_OTLP=there.url) as here:
        trace = f"00-{'a' * 32}-{'b' * 16}-01"
        here.client.headers["traceparent"] = trace
        await here.ask()
        sending = asyncio.create_task(here.round("telemetry"))
        await there.came.wait()
        assert (await here.ask()).status_code == 200, "no request waits for a collector"
        there.hold.set()
        await sending
        await here.round("telemetry")
        assert [span.trace_id.hex() for span in there.spans] == ["a" * 32] * 2
        told = attributes(there.spans[0].attributes)
        assert (told["server.address"], told["gen_ai.usage.input_tokens"]) == ("127.0.0.1", COST.input_total)
        assert {request.header("traceparent") for request in here.model.requests} == {trace}


async def test_a_collector_that_is_gone_is_told_by_the_status(short_path: Path) -> None:
    async with edge(short_path, SAFETY_EDGE_TELEMETRY_OTLP="http://127.0.0.1:9") as here:
        await here.ask()
        await here.round("telemetry")
        (task,) = [task for task in (await here.get("/v1/status"))["tasks"] if task["task"] == "telemetry"]
        assert (task["ok"], "cannot be reached" in task["trouble"]) == (False, True)


@pytest.mark.parametrize(("setting", "lines"), [("true", 1), ("false", 0)])
async def test_the_access_log_is_a_setting(
    short_path: Path, setting: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async with edge(short_path, SAFETY_EDGE_TELEMETRY_ACCESS_LOG=setting) as here:
        await here.ask()
        await here.get("/v1/top")
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines() if '"exchange"' in line]
    assert [line["model"] for line in found] == ["m-1"] * lines


def test_looking_is_open_to_the_token_too() -> None:
    """Prometheus comes over TCP, with the control token; nothing of it changes anything."""
    assert not {path for _, path, _ in ROUTES if path in {"/v1/top", "/v1/usage", "/metrics"}} & LOCAL
