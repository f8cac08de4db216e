"""An Open Policy Agent on loopback, as far as the edge talks to one; rules run in the embedded engine."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import regorus
from aiohttp import web


class Opa:
    """What was put into it. `answer` replaces what it says, `status` makes it refuse, `fed` counts modules."""

    def __init__(self) -> None:
        self.policies: dict[str, str] = {}
        self.data: dict[str, Any] = {}
        self.answer: Callable[[], Awaitable[Any]] | None = None
        self.status = 200
        self.fed = 0
        self.url = ""

    async def put_policy(self, request: web.Request) -> web.Response:
        if self.status != 200:
            return web.json_response({"code": "internal_error", "message": "no"}, status=self.status)
        self.fed += 1
        self.policies[request.match_info["name"]] = await request.text()
        return web.json_response({})

    async def delete_policy(self, request: web.Request) -> web.Response:
        known = self.policies.pop(request.match_info["name"], None) is not None
        return web.json_response(
            {} if known else {"code": "resource_not_found", "message": ""}, status=200 if known else 404
        )

    async def put_data(self, request: web.Request) -> web.Response:
        self.data[request.match_info["name"]] = await request.json()
        return web.Response(status=204)

    async def judge(self, request: web.Request) -> web.Response:
        if self.answer is not None and request.match_info["rule"] == "answer":
            return web.json_response(await self.answer())
        engine = regorus.Engine()
        for name, text in self.policies.items():
            engine.add_policy(name, text)
        engine.add_data_json(json.dumps(self.data))
        engine.set_input_json(json.dumps((await request.json())["input"]))
        try:
            found = json.loads(engine.eval_rule_as_json(f"data.safety.{request.match_info['rule']}"))
        except RuntimeError:
            return web.json_response({})
        return web.json_response({} if found == "<undefined>" else {"result": found})


@asynccontextmanager
async def running() -> AsyncIterator[Opa]:
    opa = Opa()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_put("/v1/policies/{name:.+}", opa.put_policy)
    app.router.add_delete("/v1/policies/{name:.+}", opa.delete_policy)
    app.router.add_put("/v1/data/{name:.+}", opa.put_data)
    app.router.add_post("/v1/data/safety/{rule}", opa.judge)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    opa.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield opa
    finally:
        await runner.cleanup()
