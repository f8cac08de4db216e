"""An approver's client of the hub: see the questions of one tenant, and answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2

from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.edge.hub import check_answer, check_url
from safety_core.errors import InputError, UnavailableError
from safety_core.model.approval import ApprovalRequest, ApprovalState, Grant, RequestId
from safety_core.wire.approvals import grant_to_json, request_from_json
from safety_core.wire.reader import Reader

PATIENCE: Final = 15.0
"""Seconds for one answer of the hub."""


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
class ApproverClient:
    """Speaks for one approver. Use it as a context manager. Raises UnavailableError, RefusedError."""

    url: str
    token: str = field(repr=False)
    _http: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base = check_url(self.url)
        if not self.token.isascii() or not self.token.isprintable() or not self.token:
            raise InputError("approver's token", "is not a token", "put it into a file and give --token-file")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        self._http = httpx2.Client(
            base_url=base, headers=headers, timeout=PATIENCE, trust_env=False, verify=base.startswith("https:")
        )

    def __enter__(self) -> ApproverClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

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

    def _ask(self, method: str, path: str, body: bytes = b"", query: Mapping[str, str] | None = None) -> Reader:
        try:
            answer = self._http.request(method, path, content=body, params=query)
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise UnavailableError(
                "hub", f"did not answer ({type(error).__name__})", "check --hub and the network"
            ) from error
        try:
            return Reader.parse(check_answer(answer.status_code, answer.content), "hub's answer")
        except InputError as error:
            raise UnavailableError("hub", "sent an answer that cannot be read", "check --hub") from error


def _state(body: Reader) -> ApprovalState:
    word = body.text("state")
    if word not in set(ApprovalState):
        raise UnavailableError("hub", "sent an answer that cannot be read", "check --hub")
    return ApprovalState(word)


def _question(body: Reader, approver: str) -> Question:
    decided_by = body.object("grant").text("approver") if body.has("grant") else ""
    missing = body.integer("missing", 0)
    return Question(request_from_json(body.object("request")), _state(body), approver, decided_by, missing)
