"""How far a request is on its way, what it comes to when no whole answer came, and what an answer comes to."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any, Final

from safety_core.edge.authorities import authorities
from safety_core.edge.exchange import Answer
from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import HttpPlan
from safety_core.resolve.repeat import SAFE_METHODS

NOT_NOW: Final = frozenset({429, 503})
"""Too much to do; nothing was done (RFC 6585; RFC 9110, section 15.6.4)."""
GIVEN_UP: Final = frozenset({502, 504})
"""A gateway got no answer that it could pass on; the service behind it may have acted."""


@dataclass(slots=True)
class Sending:
    """One request on its way. `begun`: its first byte may have left."""

    plan: HttpPlan
    thing: str
    begun: bool = False

    async def noted(self, event: str, info: dict[str, Any]) -> None:
        """Hear from the connection how far it is (the extension "trace")."""
        self.begun = self.begun or event.endswith("send_request_headers.started")

    def failure(self, reason: str, fix: str = "") -> ExecutionError:
        """Return what a request that got no whole answer comes to."""
        if self.begun and self.plan.method not in SAFE_METHODS:
            return UncertainError(self.thing, reason, "look whether it happened before you do it again")
        return ExecutionError(self.thing, reason, fix)

    def told(self, answer: Answer) -> ToolResult:
        """Return the result. Of a connected service, an answer that is none is an error: another try may follow it.

        Raises:
            ExecutionError: the service has not taken the request up.
            UncertainError: something in front of it gave up waiting for its answer.
        """
        if self.plan.access and answer.status in NOT_NOW:
            raise ExecutionError(self.thing, f"takes nothing now (status {answer.status})", "try again later")
        if self.plan.access and answer.status in GIVEN_UP:
            raise self.failure(f"was cut off by what stands in front of it (status {answer.status})")
        return _result(answer)


def trusted(plan: HttpPlan) -> ssl.SSLContext | bool:
    """Return whom the connection's certificate is checked by. Raises ExecutionError as `authorities`."""
    return authorities(plan.access.connection, plan.access.ca) if plan.access else True


def why(error: Exception) -> str:
    """Return what went wrong, in words without anything of the request."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return f"its certificate is not to be trusted: {below.verify_message}"
        below = below.__cause__ or below.__context__
    return type(error).__name__


def _result(answer: Answer) -> ToolResult:
    text = answer.body.decode("utf-8", "replace")
    if answer.redirect:
        text = f"not followed: redirect to {answer.redirect}\n{text}"
    return ToolResult(text, answer.status, not answer.whole)
