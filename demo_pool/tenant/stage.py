"""The stage: everything in a tenant but its first process. Starts all, says so, and serves the visitor."""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from demo_pool.tenant import fakes
from demo_pool.tenant.agent import Agent
from demo_pool.tenant.doors import Doors, to_answer, to_port
from demo_pool.tenant.script import TASKS
from demo_pool.tenant.services import safety, service
from demo_pool.tenant.setup import HUB_COMMAND, HUB_PORT, OWNER, Place
from demo_pool.tenant.story import Story
from demo_pool.world import HOME
from safety_core.edge.private_memory import keep_memory_private
from safety_core.errors import UnavailableError

OPEN: Final = 6
"""Tasks that may go on at once."""

WORDS: Final = 500
"""Characters that the visitor may say."""

NEWS_SECONDS: Final = 15


def run(origin: str, control: int) -> None:
    """Stand until the control socket ends."""
    asyncio.run(_run(origin, control))


async def _run(origin: str, control: int) -> None:
    keep_memory_private()
    async with AsyncExitStack() as stack:
        stage = Stage(asyncio.get_running_loop())
        ready = await stage.start(stack, origin)
        visits = {
            "hub": lambda connection: to_port(connection, HUB_PORT),
            "story": lambda connection: to_answer(connection, stage.answer),
        }
        Doors(control, visits).open()
        print(json.dumps(ready), flush=True)
        await asyncio.Event().wait()


class Stage:
    """What the visitor can ask for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._story = Story(loop)
        self._provider = fakes.Provider()
        self._threads = ThreadPoolExecutor(OPEN, "agent")
        self._invite = ""
        self._pinning: asyncio.Task[None] | None = None
        self._agent: Agent

    async def start(self, stack: AsyncExitStack, origin: str) -> dict[str, Any]:
        """Start the fakes, the hub and the edge; return the line that says so."""
        shop = fakes.Shop(self._story.went_out)
        model_port = await stack.enter_async_context(fakes.serving(self._provider))
        shop_port = await stack.enter_async_context(fakes.serving(shop))
        mail_port = await stack.enter_async_context(fakes.mail_server(self._story.went_out))
        told = {
            "origin": origin,
            "model_url": f"http://127.0.0.1:{model_port}",
            "shop_port": shop_port,
            "mail_port": mail_port,
        }
        setting = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "demo_pool.tenant.setup",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        if setting.stdin is None or setting.stdout is None:
            raise UnavailableError("setup", "has no pipes")
        setting.stdin.write(json.dumps(told).encode() + b"\n")
        await _line(setting.stdout)
        home = Path(HOME)
        await stack.enter_async_context(service(home / "hub.log", *HUB_COMMAND, "serve"))
        place = Place(**await _line(setting.stdout))
        await setting.wait()
        edge = await stack.enter_async_context(service(home / "edge.log", "edge", "--config", place.settings))
        shop.key = place.shop_key
        self._provider.secrets = (place.shop_key.encode(),)
        self._invite = place.invite
        egress = f"http://127.0.0.1:{edge['egress']}"
        self._agent = Agent(Path(edge["control"]), egress, place.token, self._provider, self._story)
        return {"ready": True}

    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer one request of the pool's front."""
        what = asked.get("do")
        if what == "news":
            return {"version": await self._story.newer_than(int(asked.get("after", 0)), NEWS_SECONDS)}
        if what == "task" and asked.get("name") in TASKS:
            task = TASKS[str(asked["name"])]
            return self._begin(task.title, task.says, lambda chapter: self._agent.do(chapter, task))
        if what == "say":
            words = str(asked.get("words", ""))[:WORDS].strip()
            if words:
                return self._begin("You said", words, lambda chapter: self._agent.hear(chapter, words))
        if what == "pin":
            self._pinning = self._pinning if self._pinning and not self._pinning.done() else self._pin()
        if what == "invite":
            self._invite = await _said(*HUB_COMMAND, "person", "invite", OWNER)
        return self._told()

    def _pin(self) -> asyncio.Task[None]:
        chapter = self._story.chapter("Pin my passkey", "Let my passkey approve the gravest, too.")
        return asyncio.create_task(self._pinned(chapter))

    async def _pinned(self, chapter: int) -> None:
        self._story.tell(chapter, said="The security author signs a new policy: some 15 seconds.")
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "demo_pool.tenant.pin", stderr=asyncio.subprocess.DEVNULL
        )
        done = await running.wait() == 0
        said = "It is pinned, in a signed policy." if done else "There is no passkey yet. Scan the code and make one."
        self._story.tell(chapter, state="done" if done else "failed", said=said)

    def _begin(self, title: str, says: str, work: Any) -> dict[str, Any]:
        if self._story.open() >= OPEN:
            return {**self._told(), "trouble": "Enough is going on. Answer what waits first."}
        chapter = self._story.chapter(title, says)
        self._threads.submit(work, chapter)
        return self._told()

    def _told(self) -> dict[str, Any]:
        provider = self._provider
        received = {"requests": provider.requests, "bytes": provider.bytes, "leaks": provider.leaks}
        return {**self._story.told(), "received": received, "invite": self._invite}


async def _line(reader: asyncio.StreamReader) -> dict[str, Any]:
    raw = await reader.readline()
    if not raw:
        raise UnavailableError("setup", "ended before it was done")
    found: dict[str, Any] = json.loads(raw)
    return found


async def _said(*arguments: str) -> str:
    running = await asyncio.create_subprocess_exec(*safety(*arguments), stdout=asyncio.subprocess.PIPE)
    said, _ = await running.communicate()
    return said.decode().strip()
