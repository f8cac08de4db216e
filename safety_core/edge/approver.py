"""An approver's client of the hub: see the questions of one tenant, and answer them."""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.edge.bearer import BearerClient, no_hub
from safety_core.model.approval import ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.wire.approvals import grant_to_json, request_from_json
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class Question:
    """A request as the hub shows it.

    Attributes:
        approver: the name under which the hub knows the bearer of the token.
        missing: how many people still have to say yes.
    """

    request: ApprovalRequest
    state: ApprovalState
    approver: str
    decided_by: str
    missing: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Where a question stands after an answer, and how many people still have to say yes."""

    state: ApprovalState
    missing: int


@dataclass(slots=True)
class ApproverClient(BearerClient):
    """Speaks for one approver."""

    HOLDER = "approver"
    PATIENCE = 15.0

    def questions(self, state: ApprovalState | None) -> tuple[Question, ...]:
        """Return the tenant's questions in this state (None: in any), the newest first."""
        body = self._ask("GET", "/v1/approvals", query={"state": state.value} if state else {})
        approver = body.text("approver")
        return tuple(_question(item, approver) for item in body.objects("approvals"))

    def question(self, request: RequestId) -> Question:
        """Return one question."""
        body = self._ask("GET", f"/v1/approvals/{request}")
        return _question(body, body.text("approver"))

    def answer(self, request: RequestId, *, allow: bool) -> Answered:
        """Answer, and let the hub sign it with its own key."""
        return self._decide(request, {"allow": allow, "origin": "cli"})

    def deliver(self, grant: Grant) -> Answered:
        """Answer with a grant that the approver signed."""
        return self._decide(grant.request, {"grant": grant_to_json(grant)})

    def cancel(self, request: RequestId) -> ApprovalState:
        """End a question without an answer."""
        return _state(self._ask("POST", f"/v1/approvals/{request}/cancel"))

    def _decide(self, request: RequestId, body: JsonObject) -> Answered:
        told = self._ask("POST", f"/v1/approvals/{request}/decision", canonical_bytes(body))
        return Answered(_state(told), told.integer("missing", 0))


def _state(body: Reader) -> ApprovalState:
    word = body.text("state")
    if word not in set(ApprovalState):
        raise no_hub()
    return ApprovalState(word)


def _question(body: Reader, approver: str) -> Question:
    decided_by = body.object("grant").text("approver") if body.has("grant") else ""
    missing = body.integer("missing", 0)
    return Question(request_from_json(body.object("request")), _state(body), approver, decided_by, missing)
