"""What the document allows is sent to a real hub: nothing fails on its own, every answer is as the document says."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub import admin
from hub.openapi.document import document
from hub.openapi.table import OPERATIONS, TAR, Operation, Who
from hub.policy import releases
from hub.policy.plan import AT_ONCE
from hub.store.tokens import TokenKind
from safety_core.bundle.archive import tar_of
from safety_core.model.tool_call import TenantId
from safety_core.wire.signed import RequestStamp, sign_request
from tests.simulators.hub import RunningHub, question
from tests.simulators.repository import Repository, release

EXAMPLES = 8
"""Of each request; enough to find what a schema gets wrong, few enough for every run of the suite."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFLICTS = {
    ("POST", "/v1/tenants/register"),  # its token is used up
    ("POST", "/v1/approvals"),  # of a tenant of any name
    ("POST", "/v1/approvals/{id}/edit"),
    ("POST", "/v1/approvals/{id}/outward"),
    ("POST", "/v1/approvals/{id}/decision"),
    ("POST", "/v1/outward/{id}/withdraw"),
    ("POST", "/v1/orders/{id}/result"),
    ("PUT", "/v1/releases/{id}/tenants/{tenant}"),
}
"""What needs more than any valid message to go well; their good answers are held in tests of their own."""

schemathesis.openapi.media_type(
    TAR, st.binary(max_size=2048) | st.sampled_from([tar_of(Repository().publish(release("calm", "acme")).files)])
)

STREAM = ("GET", "/v1/events")  # never ends: tests/hub/test_events.py


class Signed(AuthBase):
    """Signs what is sent, at the very end, as an edge does."""

    def __init__(self, tenant: str, key: SigningKey, clock: Callable[[], float]) -> None:
        self.tenant = tenant
        self.key = key
        self.clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        stamp = RequestStamp(TenantId(self.tenant), int(self.clock()), secrets.token_hex(16))
        request.headers.update(sign_request(str(request.method), request.path_url, raw, stamp, self.key))
        return request


class Bearer(AuthBase):
    """Bears a token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


@dataclass
class Parties:
    """Who sends requests, and the names of what is there."""

    hub: RunningHub
    names: dict[str, str]
    known: dict[Who, AuthBase | None]
    strangers: dict[Who, AuthBase | None]


@pytest.fixture
async def parties(small_hub: RunningHub) -> Parties:
    key = SigningKey.generate()
    edge = await small_hub.edge("acme", key)
    asked = question("acme", now=small_hub.clock.now)
    await edge.push_approval(asked)
    tokens = {
        who: await admin.add_person(small_hub.context, kind, "acme", "Olga")
        for who, kind in ((Who.APPROVER, TokenKind.APPROVER), (Who.PUBLISHER, TokenKind.PUBLISHER))
    }
    bearers: dict[Who, AuthBase | None] = {who: Bearer(token) for who, token in tokens.items()}
    swapped: dict[Who, AuthBase | None] = {
        Who.APPROVER: bearers[Who.PUBLISHER],
        Who.PUBLISHER: bearers[Who.APPROVER],
        Who.EDGE: Signed("acme", SigningKey.generate(), small_hub.clock),
    }
    edges: dict[Who, AuthBase | None] = {Who.EDGE: Signed("acme", key, small_hub.clock), Who.ANYBODY: None}
    small_hub.context.repositories.put(TenantId("acme"), Repository().publish(release("calm", "acme")).files)
    made = await releases.make(small_hub.context, TenantId("acme"), "Olga", "a release", AT_ONCE)
    names = {"tenant": "acme", "path": "timestamp.json", "question": asked.id, "release": made.id}
    return Parties(small_hub, names, {**bearers, **edges}, swapped)


def cases(method: str, path: str, mode: GenerationMode = GenerationMode.POSITIVE) -> Any:
    schema = schemathesis.openapi.from_dict(json.loads(document()))
    return schema[path][method].as_strategy(generation_mode=mode)


@pytest.mark.parametrize(
    ("name", "operation"),
    [(name, found) for name, found in OPERATIONS.items() if name != STREAM],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
async def test_every_request_is_answered_as_the_document_says(
    parties: Parties, name: tuple[str, str], operation: Operation
) -> None:
    await asyncio.to_thread(try_out, parties, name, operation)


LIMITS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def try_out(parties: Parties, name: tuple[str, str], operation: Operation) -> None:
    seen: set[int] = set()

    @LIMITS
    @given(case=cases(*name))
    def answered(case: Any) -> None:
        for known in ({}, names_of(parties, name[1])):
            case.path_parameters = {**(case.path_parameters or {}), **known}
            answer = case.call(base_url=parties.hub.url, auth=parties.known[operation.who])
            case.validate_response(answer, checks=CHECKS)
            seen.add(answer.status_code)
        if operation.who is not Who.ANYBODY:
            for stranger in (None, parties.strangers[operation.who]):
                refused = case.call(base_url=parties.hub.url, auth=stranger)
                assert refused.status_code in {400, 401}, refused.content
                case.validate_response(refused, checks=CHECKS)

    answered()
    assert name in CONFLICTS or seen & set(operation.answers), f"nothing went well: {seen}"


def names_of(parties: Parties, path: str) -> dict[str, str]:
    """Return the parameters of a path that name what is there."""
    there = {**parties.names, "id": parties.names["release" if "/releases/" in path else "question"]}
    return {name: value for name, value in there.items() if f"{{{name}}}" in path}


@pytest.mark.parametrize(
    ("name", "operation"),
    [(name, found) for name, found in OPERATIONS.items() if found.takes is not None and found.media != TAR],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
async def test_what_the_document_does_not_allow_is_refused(
    parties: Parties, name: tuple[str, str], operation: Operation
) -> None:
    def refuse() -> None:
        @LIMITS
        @given(case=cases(*name, GenerationMode.NEGATIVE))
        def refused(case: Any) -> None:
            case.path_parameters = {**(case.path_parameters or {}), **names_of(parties, name[1])}
            answer = case.call(base_url=parties.hub.url, auth=parties.known[operation.who])
            assert answer.status_code < 500, answer.content

        refused()

    await asyncio.to_thread(refuse)
