"""What the second sentence asks of the world: one request out, its response in, and what the client gets to see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from safety_core.flow.effects import Effect
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import AgentId, ProposedCall

Headers: TypeAlias = "tuple[tuple[bytes, bytes], ...]"
"""In order; names in lower case, repeats allowed."""


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """What leaves, without the provider's key.

    Attributes:
        provider: whose base URL and key it gets.
        target: path and query that follow the base URL.
    """

    provider: str
    method: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The start of a response."""

    status: int
    headers: Headers

    def header(self, name: bytes) -> str:
        """Return the last value of a header, empty if there is none."""
        return header_of(self.headers, name)


def header_of(headers: Headers, name: bytes) -> str:
    """Return the last value of a header, empty if there is none. All names are in lower case."""
    return next((value.decode("latin-1") for key, value in reversed(headers) if key == name), "")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the edge knows of a request to a model.

    Attributes:
        trouble: why the agent's plugin does not count as there, empty if it does.
        announced: the request's trace id has been announced for this agent.
        decided: which of the spellings that were asked for are of calls that the edge has decided for this agent.
    """

    trouble: str
    announced: bool
    decided: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AskStanding(Effect[Standing]):
    """Look up whether the agent's plugin stands behind a request.

    Attributes:
        trace: the request's W3C trace id, empty if it has none or it is not asked for.
        spellings: of the ids of the calls whose results it carries.
    """

    agent: AgentId
    trace: str
    spellings: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Afford(Effect[None]):
    """Hold what a request may cost against its agent's budgets until it has ended. Fails where one is used up.

    Attributes:
        request: the exchange's id.
        size: bytes of the body.
        most_output: tokens that the answer may have at most, None where the request does not say.
        others: further models that a batch asks, or that may answer in place of the one.
        later: what it consumes will not be seen.
    """

    request: str
    agent: AgentId
    provider: str
    model: str
    size: int
    most_output: int | None
    others: tuple[str, ...] = ()
    later: bool = False


@dataclass(frozen=True, slots=True)
class Foresee(Effect[tuple[ProposedCall, ...]]):
    """Note the calls that a response proposes, before its agent can act on them; the reply: those that are new."""

    agent: AgentId
    calls: tuple[ProposedCall, ...]


@dataclass(frozen=True, slots=True)
class Weigh(Effect[None]):
    """Judge the calls that a response proposed, and put them on record, soon; nobody waits for it.

    Attributes:
        exchange: the id of the exchange whose response it is.
        trace: the request's W3C trace id, empty if it has none.
        broken: the agent has not had the response whole; a host takes up no call of such a one.
    """

    exchange: str
    agent: AgentId
    trace: str
    calls: tuple[ProposedCall, ...]
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Forward(Effect[ResponseHead]):
    """Send the request to its provider with this key; the reply comes with the response's head."""

    request: UpstreamRequest
    key: Mapping[SecretName, SecretValue]


@dataclass(frozen=True, slots=True)
class NextChunk(Effect[bytes | None]):
    """The next bytes of the response's body, or None at its end. Fails if either side is gone."""


@dataclass(frozen=True, slots=True)
class Cancel(Effect[None]):
    """Let go of the upstream request, whatever its state."""


@dataclass(frozen=True, slots=True)
class Respond(Effect[None]):
    """Send the head to the client. Fails if it is gone."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class Emit(Effect[None]):
    """Send bytes of the body to the client. Fails if it is gone."""

    data: bytes
