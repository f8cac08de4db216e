"""What the agent asks its edge for, each act until it has an end: done, denied by a person, or forbidden."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Mapping
from typing import IO, Any, Final

import httpx2

from soak.journal import Journal
from soak.operator import Operator

AGAIN: Final = 0.3
"""Seconds before the next try, a little more each time."""
LONGEST: Final = 2.0
WAIT: Final = 3.0
"""Seconds that a call waits for a person."""
UNCERTAIN: Final = re.compile(r"safety executions settle ([0-9a-f]{32})")
FORBIDDEN: Final = ("systemctl stop safety-edge", "rm -rf /", "pkill -f 'safety edge'")
REPLAYED: Final = 0.7
"""Of the permissions that were used up: the others nobody asks for again, but starts on broken files."""
ENDS: Final = frozenset({"executed", "allow", "denied", "block"})


class Asking:
    """One agent, which has many acts under way. `hurry`: the faults are over, and nothing new is begun."""

    def __init__(
        self,
        edge: httpx2.AsyncClient,
        operator: Operator,
        journal: Journal,
        received: IO[bytes],
        chance: random.Random,
        planted: Mapping[str, str],
    ) -> None:
        self._edge = edge
        self._operator = operator
        self._journal = journal
        self._received = received
        self._random = chance
        self._planted = [*planted.values()]
        self._numbers = itertools.count(1)
        self.hurry = False

    async def order(self) -> None:
        """Have the edge take an order at the shop: permitted without a question, done once."""
        token = self._token("o")
        await self._act("run", token, "shop.take_order", {"ticket": token}, key=f"key-{token}")

    async def refund(self) -> None:
        """Have the edge pay money back: a person is asked."""
        token = self._token("r")
        await self._act("run", token, "shop.refund", {"ticket": token}, key=f"key-{token}")

    async def write_down(self) -> None:
        """Have the edge run a command that cannot be run twice without a trace, a secret in its output."""
        token = self._token("w")
        secret = self._random.choice(self._planted)
        command = f"echo {token} >> acts; echo 'noted {token} with {secret}'"
        await self._act("run", token, "exec", {"command": command}, key=f"key-{token}")

    async def push(self) -> None:
        """Ask for a permission that a person gives, and once it was used, mostly try to use it again."""
        token = self._token("p")
        params = {"command": f"git push --force origin branch-{token}"}
        if await self._act("decide", token, "exec", params) == "allow":
            if self._random.random() < REPLAYED:
                await self._once("decide", token, "again", "exec", params, wait=0.0)
            else:
                self._journal.note("spent", token=token, command=params["command"])

    async def forbidden(self) -> None:
        """Ask for what no policy permits."""
        command = f"{self._random.choice(FORBIDDEN)} # {(token := self._token('f'))}"
        await self._act("decide", token, "exec", {"command": command})

    async def look(self) -> None:
        """Ask for what is permitted without a question."""
        token = self._token("l")
        await self._act("decide", token, "exec", {"command": f"cat menu-{token}.txt"})

    async def result(self) -> None:
        """Tell what a tool of the host's own brought, with a secret in it."""
        token = self._token("e")
        text = f"result {token}: {self._random.choice(self._planted)}"
        call = {"id": f"{token}.1", "tool": "exec", "params": {}, "agent": "main", "session": "s1"}
        await self._post("/v1/result", {"call": call, "result": {"content": [{"type": "text", "text": text}]}})
        await self._post("/v1/redact", {"value": [text]})

    async def heartbeat(self) -> None:
        """Say that the agent's plugin is there, and look at what is in force."""
        await self._post("/v1/check-in", {"agent": "main", "plugin": "soak", "version": "1"})
        try:
            self._received.write((await self._edge.get("/v1/status")).content)
        except httpx2.HTTPError:
            return

    async def is_answered(self) -> bool:
        """Tell whether a permission is given within two seconds."""
        call = {"id": "probe", "tool": "exec", "params": {"command": "date"}, "agent": "probe", "session": "s1"}
        try:
            answer = await self._edge.post("/v1/decide", json={"call": call, "wait": 0}, timeout=2)
            return bool(answer.json()["decision"] == "allow")
        except (httpx2.HTTPError, ValueError, KeyError):
            return False

    def _token(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):06}"

    async def _act(self, how: str, token: str, tool: str, params: dict[str, Any], key: str = "") -> str:
        """Ask until there is an end; return it."""
        for number in itertools.count(1):
            answer = await self._once(how, token, str(number), tool, params, WAIT if number > 1 else 0.0, key)
            status = end_of(answer)
            if status in ENDS:
                self._journal.note("end", token=token, status=status, exit=answer.get("exit"))
                return status
            cut = UNCERTAIN.search(str(answer.get("reason", "")))
            if cut is not None:
                await self._operator.settle(cut[1], token)
            if status != "pending":
                await asyncio.sleep(min(AGAIN * number, LONGEST))
        raise AssertionError("unreachable")

    async def _once(
        self, how: str, token: str, number: str, tool: str, params: dict[str, Any], wait: float, key: str = ""
    ) -> dict[str, Any]:
        call = {"id": f"{token}.{number}", "tool": tool, "params": params, "agent": "main", "session": "s1"}
        body = {"call": call, "wait": wait, **({"key": key} if key else {})}
        self._journal.note("ask", token=token, call=call["id"], how=how)
        answer = await self._post(f"/v1/{how}", body) or {}
        told = {name: answer[name] for name in ("rule", "reason", "repeated", "exit") if name in answer}
        self._journal.note("answer", token=token, call=call["id"], how=how, status=end_of(answer), **told)
        return answer

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer, None where there is none."""
        try:
            answer = await self._edge.post(path, json=body)
            self._received.write(answer.content + b"\n")
            found: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError):
            return None
        return found if answer.status_code == 200 else {"error": answer.status_code}


def end_of(answer: dict[str, Any]) -> str:
    """Return what an answer comes to, in one word: "lost" for none."""
    status = str(answer.get("status") or answer.get("decision") or "lost")
    if answer.get("rule") == "approval denied":
        return "denied"
    by_policy = str(answer.get("rule", "")).startswith("floor: ")
    return "refused" if status == "block" and not by_policy else status
