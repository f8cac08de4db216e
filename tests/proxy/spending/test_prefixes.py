"""A prompt cache that is lost is told of once, with the change that lost it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from proxy.spending.prefixes import AGENTS, Prefixes
from safety_core.errors import UnavailableError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.turns import Turn
from tests.proxy.watching.exchanges import began, exchange, prompt

TOOLS = [{"name": "read", "description": "r"}, {"name": "exec", "description": "e"}]
HELLO = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
MORE = [*HELLO, {"role": "user", "content": "go on"}, {"role": "assistant", "content": "done"}]


class Edge:
    """Prefixes, their audit log, and requests of one agent."""

    def __init__(self) -> None:
        self.log: list[AuditEntry] = []
        self.prefixes = Prefixes(self._record, lambda text: text.replace("hunter2", "SECRET_REF(pw)"))

    async def _record(self, entry: AuditEntry) -> None:
        self.log.append(entry)

    def ask(self, agent: str = "ada", provider: str = "openai", **fields: Any) -> None:
        request = {"system": "be kind", "tools": TOOLS, "messages": HELLO, **fields}
        self.prefixes.ended(prompt(agent, provider), exchange(prefix=began(**request)))

    def status(self, agent: str = "ada") -> Any:
        return next(row for row in self.prefixes.to_json() if row["agent"] == agent)  # type: ignore[index, call-overload]


def turn(soul: str = "", tools: str = "") -> Turn:
    return Turn(AgentId("ada"), "s", "r", "t" * 32, "", soul, tools)


async def test_a_conversation_that_goes_on_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    edge = Edge()
    edge.ask()
    edge.ask(messages=MORE)
    edge.ask(messages=MORE[:2])
    await edge.prefixes.aclose()
    assert (edge.log, caplog.records) == ([], [])
    assert (edge.status()["broken"], edge.status()["kept"]) == (0, 5)
    assert len(edge.status()["head"]) == 64


@pytest.mark.parametrize(
    ("change", "told", "rule", "counts"),
    [
        ({"tools": [*TOOLS, {"name": "web"}]}, "tool `web` was added", "tool_added", (3, 3, 2, 5)),
        ({"tools": TOOLS[::-1]}, "tool `exec` was moved", "tool_moved", (1, 2, 0, 5)),
        ({"system": "be kind. It is 10:04."}, "system block 1 changed", "system_changed", (1, 1, 2, 5)),
        (
            {"messages": [{"role": "user", "content": "hell0"}, *MORE[1:]]},
            "message 1 of 4 was rewritten",
            "message_rewritten",
            (1, 4, 3, 5),
        ),
        ({"model": "m-2"}, "the model changed", "model_changed", (0, 0, 0, 5)),
    ],
)
async def test_what_broke_is_named(
    change: dict[str, Any], told: str, rule: str, counts: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    edge = Edge()
    edge.ask()
    edge.ask(**{"messages": MORE, **change})
    await edge.prefixes.aclose()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert told in record.getMessage()
    assert edge.status()["last"] == told
    (entry,) = edge.log
    assert (entry.event, entry.agent, entry.subject, entry.rules) == (Event.PREFIX_BROKEN, "ada", "openai", (rule,))
    assert tuple(entry.counts.values()) == counts
    assert "web" not in str(entry), "a tool's name is the client's text"
    edge.ask(**{"messages": [*MORE, *HELLO], **{key: value for key, value in change.items() if key != "messages"}})
    assert edge.status()["broken"] == (1 if rule != "message_rewritten" else 2)


async def test_what_breaks_again_and_again_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    edge = Edge()
    for number in range(20):
        edge.ask(system=f"It is {number} o'clock.")
    await edge.prefixes.aclose()
    assert (len(caplog.records), len(edge.log), edge.status()["broken"]) == (1, 1, 19)


async def test_a_conversation_that_is_trimmed_at_every_turn_is_told_once() -> None:
    edge = Edge()
    talk = [{"role": "user", "content": f"message {number}"} for number in range(30)]
    edge.ask(messages=talk)
    for number in range(10):
        talk[number] = {"role": "user", "content": "[trimmed]"}
        edge.ask(messages=talk)
    await edge.prefixes.aclose()
    assert (len(edge.log), edge.status()["broken"]) == (1, 10)
    assert edge.status()["last"] == "message 10 of 30 was rewritten"


async def test_redaction_is_said_to_be_the_cause() -> None:
    """The client sends the same; a secret that is registered now is taken out of it."""
    edge = Edge()
    edge.ask(messages=MORE)
    redacted = [HELLO[0], {"role": "assistant", "content": "SECRET_REF(X)"}, *MORE[2:]]
    came = began(system="be kind", tools=TOOLS, messages=MORE).sent
    new = began(system="be kind", tools=TOOLS, messages=redacted)
    changed = type(new)(new.model, new.head, new.names, new.sent, came)
    edge.prefixes.ended(prompt(), exchange(prefix=changed))
    await edge.prefixes.aclose()
    assert edge.log[0].rules == ("message_rewritten", "redaction")
    assert edge.status()["last"] == "redaction: a secret was registered that stands in message 2 of 4"
    assert edge.prefixes.breaks() == (1, 1)
    edge.prefixes.ended(prompt(), exchange(prefix=changed))
    assert edge.prefixes.breaks() == (1, 1)


async def test_a_changed_soul_is_named_where_it_changes_the_system() -> None:
    edge = Edge()
    edge.prefixes.note(turn("a" * 64), 1.0)
    edge.ask()
    edge.prefixes.note(turn("b" * 64), 2.0)
    edge.ask(system="be terse", messages=MORE)
    assert edge.status()["last"] == "SOUL.md changed (system block 1 changed)"
    edge.prefixes.note(turn("b" * 64, "c" * 64), 3.0)
    edge.ask(system="be brief", messages=MORE)
    assert edge.status()["last"] == "TOOLS.md changed (system block 1 changed)"
    edge.ask(system="be quick", messages=MORE)
    assert edge.status()["last"] == "system block 1 changed"


async def test_other_conversations_of_an_agent_break_nothing() -> None:
    edge = Edge()
    other = [{"role": "user", "content": "something else"}]
    edge.ask()
    edge.ask(messages=other)
    edge.ask(system="Give this conversation a title.", tools=[], messages=[{"role": "user", "content": "title?"}])
    edge.ask(messages=MORE)
    edge.ask("bob", system="be rude")
    edge.ask(provider="anthropic", system="be another")
    assert edge.prefixes.breaks() == (0, 0)
    edge.ask(system="be terse", messages=[{"role": "user", "content": "a new day"}])
    assert edge.status()["last"] == "system block 1 changed"


async def test_a_model_that_comes_back_finds_its_cache() -> None:
    edge = Edge()
    for model in ("m-1", "m-2", "m-1"):
        edge.ask(model=model)
    assert edge.status()["broken"] == 1


async def test_a_secret_in_a_tools_name_is_not_told() -> None:
    edge = Edge()
    edge.ask()
    edge.ask(tools=[*TOOLS, {"name": "hunter2"}])
    assert edge.status()["last"] == "tool `SECRET_REF(pw)` was added"


async def test_a_log_that_cannot_be_written_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(entry: AuditEntry) -> None:
        raise UnavailableError("audit log", "disk full")

    edge = Edge()
    edge.prefixes = Prefixes(broken)
    edge.ask()
    edge.ask(system="other")
    await edge.prefixes.aclose()
    assert "disk full" in caplog.records[-1].getMessage()


async def test_what_is_remembered_is_bounded() -> None:
    edge = Edge()
    for number in range(2 * AGENTS):
        edge.ask(f"agent-{number}")
    assert len(edge.prefixes.to_json()) == AGENTS
    edge.prefixes.ended(prompt(), None)
    edge.prefixes.ended(prompt(), exchange())
    edge.prefixes.began(prompt())
