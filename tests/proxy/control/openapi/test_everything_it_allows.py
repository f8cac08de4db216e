"""What the document allows is sent to a real edge: nothing fails on its own, every answer is as the document says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from proxy.control.openapi.document import document
from proxy.control.openapi.table import OPERATIONS
from tests.proxy.control.setting import Setting, bundle, call, control
from tests.simulators.relay import relay

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
AGENTS = """
default_tier: trusted
agents:
  main: {tier: autonomous}
  baker: {tier: supervised, tools: [exec], secrets: []}
"""
CONFLICTS = {("POST", "/v1/redeem"), ("POST", "/v1/answer"), ("POST", "/v1/executions/settle")}
"""What needs more than any valid message to go well: a ticket, a question, an execution that was cut off."""

LIMITS = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class There:
    """A running edge, behind a port: `url`."""

    setting: Setting
    url: str


@pytest.fixture
async def there(short_path: Path) -> AsyncGenerator[There, None]:
    async with control(short_path, bundle(AGENTS)) as setting:
        await setting.decide("exec", agent="baker", command="rm -r all")
        await setting.ask("/v1/run", {"call": call("exec", command="echo done")})
        with relay(short_path / "s") as line:
            yield There(setting, f"http://127.0.0.1:{line.port}")


SCHEMA = schemathesis.openapi.from_dict(json.loads(document()))


def impatient(case: Any) -> Any:
    """Wait for nobody: a person's answer will not come."""
    if isinstance(case.body, dict) and case.body.get("wait"):
        case.body["wait"] = 0
    return case


def try_out(url: str, name: tuple[str, str], mode: GenerationMode, checks: list[Any]) -> set[int]:
    """Send what the document allows, or what it does not; return the statuses of the answers."""
    seen: set[int] = set()

    @LIMITS
    @given(case=SCHEMA[name[1]][name[0]].as_strategy(generation_mode=mode))
    def answered(case: Any) -> None:
        answer = impatient(case).call(base_url=url)
        case.validate_response(answer, checks=checks)
        seen.add(answer.status_code)

    answered()
    return seen


async def test_every_request_is_answered_as_the_document_says(there: There) -> None:
    """All by one edge: what one request does must not spoil the answer to another."""
    for name in OPERATIONS:
        seen = await asyncio.to_thread(try_out, there.url, name, GenerationMode.POSITIVE, CHECKS)
        assert name in CONFLICTS or 200 in seen, f"{name}: nothing went well: {seen}"


async def test_what_the_document_does_not_allow_is_refused_in_its_words(there: There) -> None:
    checks = [not_a_server_error, status_code_conformance, response_schema_conformance]
    for name, found in OPERATIONS.items():
        if found.takes is not None or found.query:
            await asyncio.to_thread(try_out, there.url, name, GenerationMode.NEGATIVE, checks)


HOSTILE = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"call": {}, "call": {}}', b'{"value": NaN}', b'{"value": "\\udc00"}',
    b'{"value": 1e999}', b'{"value": ' + b"[" * 100 + b"]" * 100 + b"}", b'{"value": ' + b"9" * 5000 + b"}",
    b'{"agents": ["\\u200b"]}', b'{"agent": "' + b"a" * 300 + b'"}',
)  # fmt: skip


async def test_a_hostile_body_is_refused_by_every_request(there: There) -> None:
    for (method, path), found in OPERATIONS.items():
        for body in HOSTILE if found.takes is not None else ():
            answer = await there.setting.client.request(method, path, content=body)
            assert answer.status_code in {400, 413}, (path, body[:40], answer.text)
            assert answer.json().keys() == {"error"}
