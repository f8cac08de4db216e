"""What the hub asks of an edge, and what came of it: words of closed lists and numbers.

GET  /v1/orders               {"items": [ORDER]}                           what has no result yet, the oldest first
POST /v1/orders/{id}/result   {"outcome": word, "numbers"?: {word: n}}

An order can only tighten, or look: halt agents, take back a halt that the hub itself made, look for new policy, run the
doctor, make a backup, say how it stands. Nothing of it needs a signature of its own for that reason: whoever has taken
the hub can stop an edge, and cannot make it do anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.errors import InputError
from safety_core.model.tool_call import AgentId
from safety_core.wire.names import NAME_LIMIT, name, plain, token
from safety_core.wire.reader import Reader

ORDERS: Final = 100
"""Orders in one answer; what is beyond them comes once these are settled."""

ORDER_SECONDS: Final = 24 * 3600.0
"""How long an order waits for its edge: what was wanted yesterday may be wrong today."""


class OrderKind(StrEnum):
    """The closed list."""

    HALT = "halt"
    RESUME = "resume"
    PULL = "pull"
    DOCTOR = "doctor"
    BACKUP = "backup"
    STATUS = "status"


SWITCHES: Final = frozenset({OrderKind.HALT, OrderKind.RESUME})
"""Orders that name an agent, or all of them."""


NO_AGENT: Final = AgentId("")
"""In an order that is no switch."""


class OrderOutcome(StrEnum):
    """What came of an order.

    `UNCHANGED`: it was so already. `REFUSED`: the edge's own settings do not let the hub ask for this. `EXPIRED`: it
    came too late. `UNKNOWN`: this edge does not know such orders.
    """

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Number(StrEnum):
    """What a result may count."""

    OPEN = "open"
    BLOCKED = "blocked"
    UNPROVED = "unproved"
    VERSION = "version"
    BYTES = "bytes"
    FILES = "files"
    HALTED = "halted"
    PENDING = "pending"
    UNSENT = "unsent"
    ENTRIES = "entries"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Order:
    """One order.

    Attributes:
        id: 32 hexadecimal digits.
        kind: None where a newer hub asks for something that this program does not know.
        agent: whose switch, or "*"; empty where the order is no switch.
        reason: why, for people and for the agent that is halted.
        expires: seconds since the epoch.
    """

    id: str
    kind: OrderKind | None
    agent: AgentId = NO_AGENT
    reason: str = ""
    expires: float = 0.0

    def to_json(self) -> JsonObject:
        """Return the form that goes to the edge."""
        kind = "" if self.kind is None else self.kind.value
        return {
            "id": self.id,
            "kind": kind,
            "agent": self.agent,
            "reason": self.reason,
            "expires": self.expires,
        }


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What came of an order, at the edge."""

    outcome: OrderOutcome
    numbers: Mapping[Number, int] = field(default_factory=lambda: MappingProxyType({}))

    def to_json(self) -> JsonObject:
        """Return the form that goes to the hub."""
        numbers: dict[str, Json] = {number.value: count for number, count in self.numbers.items()}
        return {"outcome": self.outcome.value, "numbers": numbers}


def orders_from_json(body: Reader) -> tuple[Order, ...]:
    """Return the orders in the hub's answer, or raise InputError. Fields of newer hubs are passed over."""
    return tuple(_order(item) for item in body.objects("items", limit=ORDERS))


def _order(item: Reader) -> Order:
    word = item.text("kind", limit=32)
    kind = next((kind for kind in OrderKind if kind.value == word), None)
    agent = name(item, "agent", "")
    if kind in SWITCHES and not agent:
        raise InputError(f"{item.path}.agent", "must name an agent, or * for all")
    reason = plain(item.text("reason", ""), NAME_LIMIT)
    return Order(token(item, "id"), kind, AgentId(agent), reason, item.number("expires"))


def order_result_from_json(body: Reader) -> OrderResult:
    """Return the result in `body`, or raise InputError, which repeats nothing of it.

    A word that a newer edge says is no error: the outcome is `UNKNOWN` then, and numbers that are not known are left
    out.
    """
    word = body.text("outcome", limit=32)
    outcome = next((outcome for outcome in OrderOutcome if outcome.value == word), OrderOutcome.UNKNOWN)
    told = body.object("numbers") if body.has("numbers") else None
    numbers = {} if told is None else {number: told.integer(number.value) for number in Number if told.has(number)}
    return OrderResult(outcome, numbers)
