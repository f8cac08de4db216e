"""Whom an agent may answer without asking: who wrote in the session, and whom a permitted message names.

An answer goes back to where the question came from. That is known by what the plugin reports of each incoming message,
or by the session's key, which the host makes from the peer (`agent:<agent>:<channel>:direct:<peer>`). Everybody else is
somebody new: the external gate asks.

Who wrote is known after a restart too; whom a permitted message names is not, and is asked about again. Both are
bounded: what is oldest goes first.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, TypeAlias

from proxy.newest import keep
from safety_core.edge.correspondents import CorrespondentStore
from safety_core.flow.tool_call import MESSAGE
from safety_core.model.facts import Facts, TargetKind
from safety_core.model.tool_call import AgentId, ToolCall
from safety_core.wire.outbound import Inbound, Outbound

NAMED_SECONDS: Final = 600.0
"""How long a permitted message may be on its way: a host delivers in parts, and tries again."""

LIMIT: Final = 10_000
"""Whom permitted messages name, at the same time."""

OPERATOR: Final = "webchat"
"""The channel by which the operator speaks to the agent, in OpenClaw's control page; nobody else reads there."""

Place: TypeAlias = tuple[str, ...]

_KINDS: Final = "direct|dm|group|channel|room"
_PEER: Final = re.compile(rf"agent:(?P<agent>[^:]+):(?P<channel>[^:]+):(?:[^:]+:)?(?:{_KINDS}):(?P<peer>.+)")
_PREFIX: Final = re.compile(rf"(?:user|chat|conversation|{_KINDS}):")
_PART: Final = re.compile(r":(?:thread|topic):.*", re.DOTALL)


class Correspondents:
    """Who wrote to whom, and who is being written to."""

    def __init__(self, store: CorrespondentStore, limit: int = LIMIT) -> None:
        self._store = store
        self._limit = limit
        self._named: OrderedDict[Place, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._named)

    async def heard(self, inbound: Inbound, now: float) -> None:
        """Note who wrote, in which session. Raises UnavailableError."""
        address = address_of(inbound.channel, inbound.sender)
        await self._store.heard((inbound.agent, inbound.session, inbound.channel, address), now)

    def permitted(self, call: ToolCall, facts: Facts, now: float) -> None:
        """Note whom a call names that may run, if it sends a message."""
        if facts.tool != MESSAGE:
            return
        channel = str(call.params.get("channel") or "")
        named = [target.value for target in facts.recipients if target.kind is TargetKind.RECIPIENT]
        self.named(call.agent, channel, [name for name in named if name != channel], now)

    def named(self, agent: AgentId, channel: str, recipients: Iterable[str], now: float) -> None:
        """Note that a message to each of `recipients` is permitted. Without a channel it is any."""
        for recipient in recipients:
            keep(self._named, (agent, channel, address_of(channel, recipient)), now, self._limit)

    async def known(self, outbound: Outbound, now: float) -> str:
        """Return why whom `outbound` reaches needs no permission, in a word; empty if it needs one.

        Raises:
            UnavailableError: who wrote cannot be looked up.
        """
        agent, session, channel = outbound.agent, outbound.session, outbound.channel
        if channel == OPERATOR:
            return "operator"
        address = address_of(channel, outbound.to)
        if not channel or not address:
            return ""
        if (agent.lower(), channel, address) == _peer(session) or await self._store.wrote(
            (agent, session, channel, address), now
        ):
            return "reply"
        named = (self._named.get((agent, place, address)) for place in (channel, ""))
        return "permitted" if any(at is not None and 0 <= now - at <= NAMED_SECONDS for at in named) else ""


def address_of(channel: str, text: str) -> str:
    """Return whom `text` means in a channel: without the channel's name, the sort of place, and the part of it.

    Letters beyond ASCII stay as they are: in lower case some are the same as others.
    """
    text = text.lower() if text.isascii() else text
    bare = text.removeprefix(f"{channel.lower()}:") if channel else text
    return _PART.sub("", _PREFIX.sub("", bare, count=1) if _PREFIX.match(bare) else bare)


def _peer(session: str) -> Place:
    """Return the agent, the channel and the address that a session's key names; a key that names none is nobody's."""
    match = _PEER.fullmatch(session)
    return (match["agent"], match["channel"], address_of(match["channel"], match["peer"])) if match else ()
