"""What the forward proxy records and counts. A host is scrubbed before it is written down anywhere: a name can hold a
secret."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.edge import clock
from safety_core.errors import SafetyError
from safety_core.model.record import AuditEntry, Event

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Books:
    """The audit log's side of the forward proxy, and its counters since the edge began.

    Attributes:
        append: writes an entry durably, or raises a SafetyError.
        scrub: a text without secrets.
        revision: the policy in force, for the record.
        allowed, refused: requests and tunnels.
        sent, received: bytes of what has ended.
        open: connections of clients.
        last: what was refused last, and why.
    """

    append: Callable[[AuditEntry], Awaitable[object]]
    scrub: Callable[[str], str]
    revision: Callable[[], str] = str
    allowed: int = 0
    refused: int = 0
    sent: int = 0
    received: int = 0
    open: int = 0
    last: str = ""

    async def forwarded(self, agent: str, where: str, counts: dict[str, int]) -> str:
        """Record that something is about to leave, and return its id. Raises SafetyError: then it must not."""
        call = clock.new_id()
        await self.append(self._entry(Event.FORWARDED, agent, where, call=call, counts=counts))
        self.allowed += 1
        return call

    async def ended(self, call: str, agent: str, where: str, counts: dict[str, int]) -> None:
        """Record what has passed. It has passed already, so a log that cannot be written is only told of."""
        self.sent += counts.get("sent", 0)
        self.received += counts.get("received", 0)
        try:
            await self.append(self._entry(Event.FORWARD_ENDED, agent, where, call=call, counts=counts))
        except SafetyError as error:
            _log.warning("the end of forwarding %s could not be recorded: %s", call, error)

    async def not_forwarded(self, agent: str, where: str, error: SafetyError, call: str = "") -> None:
        """Record and count what was refused to a client that is known. Nothing leaves by it, whatever comes of this."""
        self.turned_away(error)
        rules = (type(error).__name__,)
        try:
            await self.append(self._entry(Event.FORWARD_REFUSED, agent, where, call=call, rules=rules))
        except SafetyError as failure:
            _log.warning("a refusal of the forward proxy could not be recorded: %s", failure)

    def turned_away(self, error: SafetyError) -> None:
        """Count what was refused, without a record: anybody on the machine could fill the log."""
        self.refused += 1
        self.last = self.scrub(str(error))
        _log.warning("the forward proxy refused: %s", self.last)

    def to_json(self) -> JsonObject:
        """Return the counters, for the status."""
        return {
            "allowed": self.allowed,
            "refused": self.refused,
            "open": self.open,
            "sent": self.sent,
            "received": self.received,
            "last": self.last,
        }

    def _entry(
        self,
        event: Event,
        agent: str,
        where: str,
        *,
        call: str,
        rules: tuple[str, ...] = (),
        counts: dict[str, int] | None = None,
    ) -> AuditEntry:
        subject = self.scrub(where[:300])
        return AuditEntry(
            clock.now(), event, agent, subject, call, rules=rules, revision=self.revision(), counts={**(counts or {})}
        )
