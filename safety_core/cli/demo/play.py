"""The play: lets the agent propose each call, does what the owner does about it, and looks at what really happened."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import httpx2

from safety_core.cli.demo.agent import PATIENCE, AnthropicChat, OpenAIChat, Tools, Wish
from safety_core.cli.demo.answers import Queue, call_tool, say
from safety_core.cli.demo.model import Received
from safety_core.cli.demo.screen import Screen
from safety_core.cli.demo.stage import ANTHROPIC_KEY, BUSY, OPENAI_KEY, Set, Stage
from safety_core.cli.demo.story import SHOP_KEY, STEPS, Outcome, Step
from safety_core.errors import UnavailableError

OPENAI_STEPS: Final = 4
"""So many steps go through the `openai` SDK, the others through `anthropic`."""

Checks = list[tuple[str, bool]]


class Play:
    """One performance."""

    def __init__(self, stage: Stage, place: Set, script: Queue, received: Sequence[Received], screen: Screen) -> None:
        self._stage = stage
        self._place = place
        self._script = script
        self._received = received
        self._screen = screen
        self._stranger = "AKIA" + "".join(secrets.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16))
        self._said = (
            f"{STEPS[0].says} By the way, the shop's key is {stage.values[SHOP_KEY]} "
            f"and this one is for the cloud: {self._stranger}"
        )

    def play(self) -> None:
        """Play all of it.

        Raises:
            UnavailableError: edge or hub did not answer.
        """
        try:
            self._acts()
        except httpx2.HTTPError as error:
            raise UnavailableError("edge or hub", f"did not answer ({type(error).__name__})", BUSY) from error

    def _acts(self) -> None:
        with ExitStack() as stack:
            self._tools = stack.enter_context(closing(Tools(self._place.control)))
            self._wait_for_policy()
            chats = (
                stack.enter_context(closing(OpenAIChat(self._place.egress, self._stage.token))),
                stack.enter_context(closing(AnthropicChat(self._place.egress, self._stage.token))),
            )
            self._screen.chapter("Ten tool calls: what the agent proposes, and what comes of it")
            for number, step in enumerate(STEPS, 1):
                self._screen.step(number, self._step(step, chats[number > OPENAI_STEPS]))
        self._what_left()
        self._what_it_cost()
        self._what_is_on_record()

    def _step(self, step: Step, chat: OpenAIChat | AnthropicChat) -> Outcome:
        self._script.next(call_tool(step.tool, step.params))
        _, wish = chat.say(self._said if step is STEPS[0] else step.says)
        if wish is None:
            raise UnavailableError("scripted model", "did not propose the call")
        answer = self._tools.run(wish)
        checks: Checks = []
        if (answer["level"], answer["status"]) != (step.level, step.status):
            checks.append((f"{step.title} must be {step.level} and {step.status}", False))
        if step.then and answer["status"] == "pending":
            checks += {"approve": self._approved, "deny": self._denied, "own key": self._own_key}[step.then](
                step, wish, answer
            )
        elif step.shows:
            checks.append((f"the model sees: {step.shows}", step.shows in answer.get("output", "")))
        self._script.next(say(f"I see: {step.title}."))
        chat.give(wish, answer.get("output") or f"{answer['status']}: {answer['reason']}")
        return Outcome(step, answer["level"], answer["status"], answer["reason"].split("; ")[0], tuple(checks))

    def _approved(self, step: Step, wish: Wish, answer: dict[str, Any]) -> Checks:
        waiting = not self._stage.outbox
        self._answer(answer["approval"]["id"], "approve")
        again = self._until(lambda: self._tools.run(wish), lambda got: got["status"] == "executed")
        sent = len(self._stage.outbox)
        replay = self._tools.run(wish)
        self._answer(replay["approval"]["id"], "deny")
        refused = self._until(lambda: self._tools.run(wish), lambda got: got["status"] == "refused")
        return [
            ("nothing goes out while it waits", waiting),
            ("olga approves; repeated, the very same call runs once", again["status"] == "executed" and sent == 1),
            (f"the model sees: {step.shows}", step.shows in again.get("output", "")),
            ("repeated again it does not run: the grant was for once", replay["status"] == "pending"),
            ("olga refuses the replay", refused["status"] == "refused" and len(self._stage.outbox) == 1),
        ]

    def _denied(self, step: Step, wish: Wish, answer: dict[str, Any]) -> Checks:
        self._answer(answer["approval"]["id"], "deny")
        again = self._until(lambda: self._tools.run(wish), lambda got: got["status"] == "refused")
        return [("olga says no; repeated, the same call is refused", again["status"] == "refused")]

    def _own_key(self, step: Step, wish: Wish, answer: dict[str, Any]) -> Checks:
        try:
            self._answer(answer["approval"]["id"], "approve")
        except UnavailableError as error:
            stopped = "own key" in error.reason
        else:
            stopped = False
        again = self._tools.run(wish)
        return [("the hub may not approve this: it takes olga's own key", stopped and again["status"] == "pending")]

    def _answer(self, approval: str, word: str) -> None:
        """Answer at the hub, with the command that a person would use; the question may still be on its way there."""
        known = lambda: self._hub("/v1/approvals", state="pending")["approvals"]  # noqa: E731
        self._until(known, lambda found: any(item["request"]["id"] == approval for item in found))
        self._stage.safety(
            "approvals", word, approval, "--yes", "--hub", self._place.hub, "--token-file", self._place.approver_file
        )

    def _what_left(self) -> None:
        self._screen.chapter("What left this machine")
        first = self._received[0].json()
        self._screen.beside(("the owner wrote", self._said), ("the provider received", first["messages"][0]["content"]))
        received = b"".join(request.body for request in self._received)
        self._screen.check(
            f"{len(self._received)} requests, {len(received):,} bytes: none holds a secret",
            not any(value.encode() in received for value in (*self._stage.values.values(), self._stranger)),
        )
        keys = {self._stage.values[OPENAI_KEY], self._stage.values[ANTHROPIC_KEY]}
        injected = {request.key for request in self._received}
        self._screen.check("the agent holds no provider key: the edge put them in", injected == keys)

    def _what_it_cost(self) -> None:
        self._screen.chapter("What it cost, as the hub counts it")
        requests = len(self._received)
        buckets = self._until(
            lambda: self._hub("/v1/usage")["buckets"],
            lambda found: sum(bucket["requests"] for bucket in found) >= requests,
        )
        self._screen.usage(buckets)
        self._screen.check("every request is counted, once", sum(bucket["requests"] for bucket in buckets) == requests)
        self._screen.check(
            "every one has a price", all(bucket["cost"] and not bucket["unpriced"] for bucket in buckets)
        )

    def _what_is_on_record(self) -> None:
        self._screen.chapter("What is on record")
        report = self._stage.safety("audit", "verify")
        self._screen.note(report.strip())
        self._screen.check("the audit log holds together", True)
        disk = _bytes_of(self._stage, ("vault.db", "shop"))
        leaks = [name for name, value in self._stage.values.items() if value.encode() in disk]
        self._screen.check(
            f"no log, audit line, database or hub file holds a secret{' but ' if leaks else ''}{', '.join(leaks)}",
            not leaks,
        )

    def _wait_for_policy(self) -> None:
        status = self._until(self._tools.status, lambda got: got["policy"]["state"] == "in force")
        self._screen.note(f"policy {status['policy'].get('revision', '')} is in force at the edge")

    def _hub(self, path: str, **query: str) -> Any:
        headers = {"Authorization": "Bearer " + Path(self._place.approver_file).read_text().strip()}
        return httpx2.get(self._place.hub + path, params=query, headers=headers, timeout=PATIENCE).json()

    @staticmethod
    def _until(look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        """Look again until it is good, for as long as patience lasts; return what was seen last."""
        end = time.monotonic() + PATIENCE
        while not good(seen := look()) and time.monotonic() < end:
            time.sleep(0.05)
        return seen


def _bytes_of(stage: Stage, besides: Sequence[str]) -> bytes:
    """Return all that lies on the stage, besides the vault (sealed) and the shop's own files."""
    files = (path for path in stage.folder.rglob("*") if path.is_file() and not set(besides) & {*path.parts})
    return b"".join(path.read_bytes() for path in files)
