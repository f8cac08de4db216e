"""What each agent's requests begin with, and what broke that beginning: a break costs the provider's prompt cache.

A request is held against the last ones of its agent at the same provider: the one that it goes on from, else the one
that shares the most messages with it, else the latest whose tools or system it shares. What broke is named once: in a
log line and an audit entry (allow-listed words and counts only), and counted for the status. A break that comes again
within an hour (a clock in the system prompt breaks every request) is only counted.

The plugin's turns say beside that whether SOUL.md or TOOLS.md has changed; a system that changes next changed by that.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from proxy.newest import keep
from safety_core.canonical import Json, JsonObject
from safety_core.edge import clock
from safety_core.errors import SafetyError
from safety_core.flow.exchange import Exchange, Prompt
from safety_core.meter.prefix import DIGEST, Break, Broken, Kept, Prefix, compare, continues, shared
from safety_core.model.record import AuditEntry, Event
from safety_core.model.tool_call import AgentId
from safety_core.wire.turns import Turn

AGENTS: Final = 100
"""Agents that are remembered; more than one machine runs. One takes some 20 KiB."""

CONVERSATIONS: Final = 6
"""Requests of one agent at one provider that are remembered: its conversation, and those of its subagents, summaries
and heartbeats."""

QUIET_SECONDS: Final = 3600.0
"""How long the same break is not told again."""

PENDING: Final = 100
"""Audit entries that wait to be written; the log of more than these is as good as stuck."""

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Agent:
    """What is known of one agent: its plugin's last words on SOUL.md and TOOLS.md (sha256), and its requests."""

    soul: str = ""
    tools: str = ""
    since: float = 0.0
    changed: str = ""
    head: str = ""
    last: dict[str, deque[Prefix]] = field(default_factory=dict)
    kept: int = 0
    of: int = 0
    broken: int = 0
    by_redaction: int = 0
    what: str = ""
    at: float = 0.0
    told: dict[tuple[Broken, bool, int, str], float] = field(default_factory=dict)


class Prefixes:
    """Implements `proxy.egress.watch.Watcher`; who has asked for nothing for longest is forgotten first.

    Args:
        record: writes an audit entry.
        scrub: text -> the same without any secret; a tool's name is the client's text.
    """

    def __init__(
        self, record: Callable[[AuditEntry], Awaitable[object]] | None = None, scrub: Callable[[str], str] = str
    ) -> None:
        self._known: OrderedDict[AgentId, _Agent] = OrderedDict()
        self._record = record
        self._scrub = scrub
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, turn: Turn, now: float) -> None:
        """Note with what `turn` begins, if its plugin says so."""
        if not turn.soul and not turn.tools:
            return
        agent = self._agent(turn.agent)
        if (agent.soul, agent.tools) != (turn.soul, turn.tools):
            if agent.since:
                agent.changed = "SOUL.md" if agent.soul != turn.soul else "TOOLS.md"
            agent.soul, agent.tools, agent.since = turn.soul, turn.tools, now

    def began(self, prompt: Prompt) -> None:
        """Do nothing: what leaves is known when it has been redacted."""

    def ended(self, prompt: Prompt, exchange: Exchange | None) -> None:
        """Hold a request against those before it."""
        new = exchange.prefix if exchange else None
        if exchange is None or new is None:
            return
        agent = self._agent(prompt.agent)
        agent.head = new.head
        last = agent.last.setdefault(prompt.provider, deque(maxlen=CONVERSATIONS))
        place = next((place for place, old in enumerate(last) if continues(old, new)), None)
        if place is None:
            old = _alike(last, new)
            kept = compare(old, new) if old else Kept(0, 0)
            if old and old.model == new.model and shared(old, new):
                last.remove(old)
        else:
            old = last[place]
            del last[place]
            parts = old.sent.number
            kept = Kept(parts, parts)
        last.appendleft(new)
        agent.kept, agent.of = kept.parts, kept.of
        if kept.broken:
            self._broken(agent, prompt, exchange.id, kept, kept.broken)
        agent.changed = ""

    def _broken(self, agent: _Agent, prompt: Prompt, exchange: str, kept: Kept, broken: Break) -> None:
        now = clock.now()
        text = self._scrub(broken.text())
        if broken.what in _SYSTEM and not broken.redaction and agent.changed:
            text = f"{agent.changed} changed ({text})"
        agent.broken += 1
        agent.by_redaction += broken.redaction
        agent.what, agent.at = text, now
        part = 0 if broken.what is Broken.MESSAGE else broken.part  # who trims a conversation trims it at every turn
        key = (broken.what, broken.redaction, part, broken.tool)
        if now - agent.told.get(key, 0.0) < QUIET_SECONDS:
            return
        if len(agent.told) >= PENDING:
            agent.told.clear()
        agent.told[key] = now
        lost = "the provider's prompt cache is lost from there on: %d of %d leading parts stayed the same"
        _log.warning(f"prefix of %s at %s: %s; {lost}", prompt.agent, prompt.provider, text, kept.parts, kept.of)
        rules = (broken.what.value, *(("redaction",) if broken.redaction else ()))
        counts = {"part": broken.part, "of": broken.of, "kept": kept.parts, "before": kept.of}
        entry = AuditEntry(
            now, Event.PREFIX_BROKEN, prompt.agent, prompt.provider, exchange, rules=rules, counts=counts
        )
        self._write(entry)

    def _write(self, entry: AuditEntry) -> None:
        if self._record is None or len(self._writing) >= PENDING:
            return
        task = asyncio.get_running_loop().create_task(_written(self._record, entry))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def aclose(self) -> None:
        """Wait until what is known of breaks is on record."""
        await asyncio.gather(*self._writing)

    def _agent(self, name: AgentId) -> _Agent:
        agent = self._known.get(name) or _Agent()
        keep(self._known, name, agent, AGENTS)
        return agent

    def to_json(self) -> list[Json]:
        """Return them by agent, for the status."""
        return [_to_json(name, agent) for name, agent in self._known.items()]

    def breaks(self) -> tuple[int, int]:
        """Return how often prefixes broke since the edge began, and how often redaction did it."""
        known = self._known.values()
        return sum(agent.broken for agent in known), sum(agent.by_redaction for agent in known)


_SYSTEM: Final = frozenset({Broken.SYSTEM_CHANGED, Broken.SYSTEM_ADDED, Broken.SYSTEM_REMOVED})


def _alike(last: deque[Prefix], new: Prefix) -> Prefix | None:
    """Return the request that `new` should have begun like, or None where it begins something of its own."""
    if not last:
        return None
    first = new.sent.messages[:DIGEST]
    begun = [old for old in last if first and old.sent.messages.startswith(first)]
    best = begun[0] if len(begun) == 1 else max(begun or last, key=lambda old: shared(old, new))
    if begun or shared(best, new):
        return best
    if any(old.head == new.head and old.model == new.model for old in last):
        return None
    same = (old for old in last if _same(old.sent.tools, new.sent.tools) or _same(old.sent.system, new.sent.system))
    return next(same, None)


def _same(before: bytes, after: bytes) -> bool:
    return bool(before) and before == after


async def _written(record: Callable[[AuditEntry], Awaitable[object]], entry: AuditEntry) -> None:
    try:
        await record(entry)
    except SafetyError as error:
        _log.warning("a broken prefix is not on record: %s", error)


def _to_json(name: AgentId, agent: _Agent) -> JsonObject:
    return {
        "agent": name,
        "soul": agent.soul,
        "tools": agent.tools,
        "since": agent.since,
        "head": agent.head,
        "kept": agent.kept,
        "of": agent.of,
        "broken": agent.broken,
        "by_redaction": agent.by_redaction,
        "last": agent.what,
        "last_at": agent.at,
    }
