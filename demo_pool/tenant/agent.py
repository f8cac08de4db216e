"""Plays the agent: asks the model, puts each call to the edge, and waits for the person where it has to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from demo_pool.tenant.fakes import Provider
from demo_pool.tenant.script import AGENT, Call, Task
from demo_pool.tenant.story import Story
from safety_core.canonical import JsonObject
from safety_core.cli.demo.agent import OpenAIChat, Tools, Wish
from safety_core.cli.demo.answers import call_tool, say
from safety_core.cli.demo.model import Script

WAIT: Final = 20
"""Seconds for which one request waits for the person, before the agent asks again."""


class Agent:
    """The agent. Each task and each remark is a conversation of its own; several may go on at once, in threads."""

    def __init__(self, control: Path, egress: str, token: str, provider: Provider, story: Story) -> None:
        self._control = control
        self._egress = egress
        self._token = token
        self._provider = provider
        self._story = story
        self._sessions = 0
        self._lock = threading.Lock()

    def do(self, chapter: int, task: Task) -> None:
        """Do what the visitor has asked for."""
        self._told(chapter, lambda: self._do(chapter, task))

    def hear(self, chapter: int, words: str) -> None:
        """Take in what the visitor says, and have the model answer."""
        self._told(chapter, lambda: self._hear(chapter, words))

    def _told(self, chapter: int, work: Callable[[], str]) -> None:
        try:
            self._story.tell(chapter, state=work())
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the page says that it did
            self._story.tell(chapter, state="failed", said=f"Something went wrong ({type(error).__name__}).")

    def _hear(self, chapter: int, words: str) -> str:
        with closing(self._chat()) as chat:
            said, _, received = self._turn(say("I have read it. What you see here is all that I got."), chat.say, words)
        self._story.tell(chapter, said=said, received=received)
        return "done"

    def _do(self, chapter: int, task: Task) -> str:
        with self._lock:
            self._sessions += 1
            session = f"demo-{self._sessions}"
        with closing(self._chat()) as chat, closing(Tools(self._control)) as tools:
            said, wish, received = self._turn(_proposes(task, 0), chat.say, task.says)
            self._story.tell(chapter, received=received)
            for number in range(1, len(task.calls) + 1):
                if wish is None:
                    break
                answer = self._run(chapter, wish, tools, session)
                ran = answer["status"] == "executed"
                script = _proposes(task, number) if ran else say("I was not let. I leave it at that.")
                result = answer.get("output") or f"{answer['status']}: {answer['reason']}"
                said, after, received = self._turn(script, chat.give, wish, result)
                self._story.tell_step(chapter, number - 1, received=received)
                self._story.tell(chapter, said=said)
                wish = after
                if not ran:
                    return "refused"
        return "done"

    def _turn(self, script: Script, speak: Callable[..., tuple[str, Wish | None]], *words: Any) -> Any:
        """Have one turn with the model; return what it says, what it wants, and what had reached it."""
        with self._provider.turn:
            self._provider.will(script)
            said, wish = speak(*words)
            return said, wish, self._provider.last_text()

    def _run(self, chapter: int, wish: Wish, tools: Tools, session: str) -> dict[str, Any]:
        """Put a call to the edge until it is decided."""
        step = self._story.step(chapter, wish.tool, _does(wish.params))
        tool, params, wait = wish.tool, wish.params, 0
        while True:
            call: JsonObject = {"id": wish.id, "tool": tool, "params": params, "agent": AGENT, "session": session}
            answer = tools.post("/v1/run", {"call": call, "wait": wait})
            if "status" not in answer:
                return {"status": "refused", "reason": str(answer.get("error"))}
            self._story.tell_step(chapter, step, **_of(answer))
            if "instead" in answer:  # the approver has changed the call, and approved that one
                tool, params, wait = answer["instead"]["tool"], answer["instead"]["params"], 0
                self._story.tell_step(chapter, step, changed=_does(params))
                continue
            if answer["status"] != "pending":
                self._story.tell(chapter, state="works")
                return answer
            self._story.tell(chapter, state="asks")
            wait = WAIT

    def _chat(self) -> OpenAIChat:
        return OpenAIChat(self._egress, self._token)


def _proposes(task: Task, number: int) -> Script:
    if number == len(task.calls):
        return say(task.done)
    call: Call = task.calls[number]
    return call_tool(call.tool, call.params)


def _does(params: Any) -> str:
    return "\n".join(str(value) for value in params.values())


def _of(answer: dict[str, Any]) -> dict[str, Any]:
    approval = answer.get("approval") or {}
    return {
        "status": answer["status"],
        "level": answer.get("level") or "",
        "reason": answer.get("reason") or "",
        "got": answer.get("output") or "",
        "findings": answer.get("findings") or 0,
        "question": approval.get("id", ""),
        "code": approval.get("code", ""),
    }
