"""Canaries: secrets that nobody uses, and that ring wherever they are seen.

Every text that the edge looks through for secrets is looked through for canaries by the same look (`Matcher.seen`): a
call's arguments, a result, a prompt, a response, what goes through the forward proxy, a line of the log. What is found
is counted here at once, and written into the audit log and the vault a moment later, beside the call.

Who was at work is known where an agent's call or request begins (`SPEAKER`); empty elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Final

from proxy.fragments import signs_of
from safety_core.canonical import Json
from safety_core.edge import clock
from safety_core.edge.audit_log import AuditLog
from safety_core.edge.vault import Vault, VaultChanges
from safety_core.errors import SafetyError
from safety_core.model.record import AuditEntry, Event
from safety_core.model.secret import SecretName, Use

SPEAKER: Final[ContextVar[str]] = ContextVar("speaker", default="")
"""Whose call or request is at hand."""

AGAIN_SECONDS: Final = 60.0
"""How long one record stands for all sightings of a canary with the same agent; they are counted in the next."""

WAITING: Final = 100
"""Pairs of canary and agent that wait to be recorded; of further ones, agents are not told apart."""

LONGEST: Final = 200
"""Characters of an agent's name that are recorded."""

_log = logging.getLogger(__name__)


class Canaries:
    """Knows which secrets are canaries, counts where they are seen, and has it written down.

    Attributes:
        names: the canaries.
        signs: the names under which a canary, or the password in one, is found -> the canary.
        rung: set whenever there is something to be written down.
        scrub: takes secrets out of the name of an agent, who may have chosen one.
    """

    def __init__(self, vault: Vault, audit: AuditLog | None = None) -> None:
        self._vault = vault
        self._audit = audit
        self.names: frozenset[SecretName] = frozenset()
        self.signs: Mapping[SecretName, SecretName] = {}
        self.rung: Final = asyncio.Event()
        self.scrub: Callable[[str], str] = str
        self._waiting: Counter[tuple[SecretName, str]] = Counter()
        self._told: dict[tuple[SecretName, str], float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def told(self, changes: VaultChanges) -> None:
        """Take up which of what has changed are canaries."""
        kept = frozenset[SecretName]() if changes.whole else self.names - changes.values.keys() - changes.gone
        self.names = kept | changes.canaries
        self.signs = {sign: name for name in self.names for sign in signs_of(name)}
        self._loop = asyncio.get_running_loop()

    def seen(self, names: frozenset[SecretName]) -> None:
        """Count the canaries among the secrets that were found in one text; on whatever thread that was done."""
        for name in {self.signs[sign] for sign in names & self.signs.keys()}:
            self._ring(name, SPEAKER.get())

    def used(self, names: Iterable[SecretName], use: Use) -> None:
        """Count the canaries that somebody wanted to use by their names."""
        for name in self.names.intersection(names):
            self._ring(name, use.agent)

    async def record(self) -> None:
        """Write down what was seen. Raises SafetyError; what is not written down is tried again."""
        now = clock.now()
        self._told = {pair: at for pair, at in self._told.items() if now < at + AGAIN_SECONDS}
        for pair in [pair for pair in self._waiting if pair not in self._told]:
            await self._write(pair, now)

    async def end(self) -> None:
        """Write down what is left, before the edge ends."""
        self._told.clear()
        self._loop = None
        try:
            await self.record()
        except SafetyError as error:
            _log.error("a canary was seen, and it could not be recorded: %s", error)

    def to_json(self) -> list[Json]:
        """Return what was seen, for the status."""
        return [
            {"name": seen.name, "times": seen.times, "last": seen.last}
            for seen in self._vault.sightings()
            if seen.name in self.names
        ]

    def sum(self) -> tuple[int, int]:
        """Return how often canaries were seen, and when last, in whole seconds since the epoch."""
        sightings = self._vault.sightings()
        return sum(seen.times for seen in sightings), int(max((seen.last for seen in sightings), default=0))

    def _ring(self, name: SecretName, agent: str) -> None:
        pair = (name, agent)
        self._waiting[pair if pair in self._waiting or len(self._waiting) < WAITING else (name, "")] += 1
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.rung.set)

    async def _write(self, pair: tuple[SecretName, str], now: float) -> None:
        name, agent, times = pair[0], self.scrub(pair[1][:LONGEST]), self._waiting[pair]
        if self._audit is not None:
            await self._audit.append(AuditEntry(now, Event.CANARY, agent, name, counts={"times": times}))
        self._vault.saw(name, times, now)
        _log.error("the canary %s was seen %d times, with agent %s", name, times, agent or "unknown")
        self._told[pair] = now
        self._waiting[pair] -= times
        if not self._waiting[pair]:
            del self._waiting[pair]
