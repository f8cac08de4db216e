"""Whatever comes in over the socket, the answer is JSON, and the process lives."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from proxy.caller import Caller, Callers
from proxy.control.endpoint import HANDLED, Endpoint, Handle, TokenGuard
from proxy.errors import NoPolicyError
from safety_core.canonical import JsonObject
from safety_core.errors import InputError, LimitError, UnavailableError
from safety_core.wire.reader import BODY_LIMIT, Reader
from tests.proxy.conftest import Serving


def app_of(handle: Handle, callers: Callers | None = None) -> Starlette:
    return Starlette(
        routes=[Route("/x", Endpoint(handle, callers or Callers()), methods=["POST"])], exception_handlers=HANDLED
    )


async def echo(raw: bytes, caller: Caller) -> JsonObject:
    return {"size": len(raw), "value": Reader.parse(raw, "request").json("value") if len(raw) < 1000 else None}


async def test_a_body_at_the_limit_passes_and_one_byte_more_does_not(serving: Serving) -> None:
    async with serving(app_of(echo)) as client:
        assert (await client.post("/x", content=b"x" * BODY_LIMIT)).json()["size"] == BODY_LIMIT
        answer = await client.post("/x", content=b"x" * (BODY_LIMIT + 1))
        assert answer.status_code == 413
        assert answer.json()["error"]["reason"] == f"is larger than {BODY_LIMIT} bytes"


async def test_a_body_that_does_not_announce_its_size_is_limited_too(serving: Serving) -> None:
    async def parts() -> Any:
        for _ in range(12):
            yield b"x" * 1024 * 1024

    async with serving(app_of(echo)) as client:
        assert (await client.post("/x", content=parts())).status_code == 413
        assert (await client.post("/x", content=b'{"value": 1}')).json()["value"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"value": NaN}', b'{"value": "\\udc00"}', b"null"])
async def test_what_is_no_message_is_refused_by_name(serving: Serving, body: bytes) -> None:
    async with serving(app_of(echo)) as client:
        answer = await client.post("/x", content=body)
        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"thing", "reason", "fix"}


async def test_routes_that_are_none_answer_in_the_same_shape(serving: Serving) -> None:
    async with serving(app_of(echo)) as client:
        assert (await client.get("/none")).json()["error"]["reason"] == "there is no such route"
        answer = await client.get("/x")
        assert (answer.status_code, answer.json()["error"]["reason"]) == (405, "has another method")
        assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("a", "b", "c"), 400),
        (LimitError("a", "b", "c"), 413),
        (NoPolicyError("a", "b", "c"), 403),
        (UnavailableError("a", "b", "c"), 500),
    ],
)
async def test_an_error_has_its_status_and_its_words(serving: Serving, error: Exception, status: int) -> None:
    async def fail(raw: bytes, caller: Caller) -> JsonObject:
        raise error

    async with serving(app_of(fail)) as client:
        answer = await client.post("/x")
        assert answer.status_code == status
        assert answer.json() == {"error": {"thing": "a", "reason": "b", "fix": "c"}}


async def test_a_bug_shows_nothing_of_its_inside(serving: Serving, caplog: pytest.LogCaptureFixture) -> None:
    async def bug(raw: bytes, caller: Caller) -> JsonObject:
        raise KeyError("inside")

    async with serving(app_of(bug)) as client:
        answer = await client.post("/x")
        assert answer.status_code == 500
        assert "inside" not in answer.text
        assert "Traceback" not in answer.text
    assert any(record.exc_info for record in caplog.records if record.levelno == logging.ERROR)


async def test_a_caller_that_leaves_is_noticed(serving: Serving) -> None:
    began, left = asyncio.Event(), asyncio.Event()

    async def wait(raw: bytes, caller: Caller) -> JsonObject:
        began.set()
        assert await caller.patiently(asyncio.sleep(30, "answer")) is None
        left.set()
        return {}

    async with serving(app_of(wait)) as client:
        request = asyncio.create_task(client.post("/x", content=b"{}"))
        await began.wait()
        request.cancel()
        async with asyncio.timeout(60):
            await left.wait()
        await asyncio.gather(request, return_exceptions=True)


async def test_everybody_is_let_go_at_the_end(serving: Serving) -> None:
    callers = Callers()
    began = asyncio.Event()

    async def wait(raw: bytes, caller: Caller) -> JsonObject:
        began.set()
        return {"answered": await caller.patiently(asyncio.sleep(30, True))}

    async with serving(app_of(wait, callers)) as client:
        request = asyncio.create_task(client.post("/x", content=b"{}"))
        await began.wait()
        callers.dismiss()
        assert (await request).json() == {"answered": None}
        assert (await client.post("/x", content=b"{}")).json() == {"answered": None}


async def test_what_somebody_waits_for_is_returned_or_raised() -> None:
    caller = Caller()
    assert await caller.patiently(asyncio.sleep(0, 7)) == 7

    async def fail() -> None:
        raise InputError("a", "b")

    with pytest.raises(InputError):
        await caller.patiently(fail())


async def test_only_the_token_opens(serving: Serving) -> None:
    token = "t" * 40
    async with serving(TokenGuard(app_of(echo), hashlib.sha256(token.encode()).digest())) as client:
        body = json.dumps({"value": 1}).encode()
        good = await client.post("/x", content=body, headers={"Authorization": f"bearer {token}"})
        assert good.status_code == 200
        for wrong in ({}, {"Authorization": "Basic x"}, {"Authorization": token}, {"Authorization": "Bearer x"}):
            answer = await client.post("/x", content=body, headers=wrong)
            assert answer.status_code == 401
            assert answer.json()["error"]["thing"] == "authorization"
