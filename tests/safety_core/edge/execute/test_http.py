"""Requests: against a real server on this machine, which is refused unless it is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs

import pytest

from safety_core.edge.execute import Limits, execute
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue, refs_in
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import HttpPlan

VALUE = 'v"a&l/ue é'
VALUES = {
    SecretName("a"): SecretValue(VALUE),
    SecretName("t"): SecretValue("tok.en"),
    SecretName("n"): SecretValue("x\r\ny"),
}
HERE = Limits(allow_hosts=frozenset({"127.0.0.1", "localhost"}))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Yield the URL of a server that gives this answer, and what it was asked."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        asked.append(head + await reader.readexactly(length))
        with suppress(ConnectionError):
            writer.write(answer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def send(
    url: str, method: str = "GET", headers: dict[str, str] | None = None, body: str = "", limits: Limits = HERE
) -> ToolResult:
    pairs = tuple((headers or {}).items())
    refs = refs_in([url, body, dict(pairs)])
    return await execute(HttpPlan(method, url, pairs, body, refs, 5.0), VALUES, limits)


async def test_a_request_carries_its_secrets_each_in_its_notation() -> None:
    async with serving(OK) as (url, asked):
        result = await send(
            f"{url}/p/SECRET_REF(a)?q=SECRET_REF(a)",
            "POST",
            {"Authorization": "Bearer SECRET_REF(t)"},
            "raw SECRET_REF(a)",
        )
    assert result == ToolResult("ok", 200)
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /p/v%22a%26l%2Fue%20%C3%A9?q=v%22a%26l%2Fue%20%C3%A9 HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer tok.en\r\n" in head + b"\r\n"
    assert body.decode() == f"raw {VALUE}"


async def test_a_value_does_not_break_out_of_json_or_a_form() -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with serving(OK) as (url, asked):
        await send(url, "POST", {}, '{"k": "SECRET_REF(a)"}')
        await send(url, "POST", form, "k=SECRET_REF(a)&l=1")
    assert asked[0].endswith(b'{"k": "v\\"a&l/ue \\u00e9"}')
    assert parse_qs(asked[1].partition(b"\r\n\r\n")[2].decode()) == {"k": [VALUE], "l": ["1"]}


async def test_the_name_stays_in_the_host_header_though_the_address_is_connected_to() -> None:
    async with serving(OK) as (url, asked):
        await send(url.replace("127.0.0.1", "localhost"))
    assert b"\r\nHost: localhost:" in asked[0]


async def test_a_redirect_is_told_and_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/secret\r\nContent-Length: 0\r\n\r\n"
    async with serving(answer) as (url, asked):
        result = await send(url)
    assert (result.status, result.output) == (302, "not followed: redirect to http://127.0.0.1/secret\n")
    assert len(asked) == 1


async def test_a_long_answer_is_cut() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 300_000) as (url, _):
        result = await send(url, limits=Limits(output=1000, allow_hosts=HERE.allow_hosts))
    assert result == ToolResult("x" * 1000, 200, truncated=True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx",
            "encoding that was not asked for",
        ),
        (b"junk\r\n\r\n", "did not come about"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nxx", "did not come about"),
    ],
)
async def test_no_whole_answer_is_an_error(answer: bytes, reason: str) -> None:
    async with serving(answer) as (url, _):
        with pytest.raises(ExecutionError, match=reason):
            await send(url)


async def test_silence_ends_with_the_time_limit() -> None:
    async def wait_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        closed.set()

    closed = asyncio.Event()
    silent = await asyncio.start_server(wait_only, "127.0.0.1", 0)
    async with silent:
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        with pytest.raises(ExecutionError, match=r"did not answer in 0\.2 seconds|ReadTimeout"):
            await execute(HttpPlan("GET", url, (), "", (), 0.2), {}, HERE)
        await closed.wait()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"])
async def test_this_machine_and_its_network_are_out_of_reach(host: str) -> None:
    with pytest.raises(ExecutionError, match="leads to this machine or its network"):
        await send(f"http://{host}:9/", limits=Limits())


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://SECRET_REF(t).example.com/",
        "https://example.com:SECRET_REF(t)/",
        "https://user:pass@example.com/",
        "http://evil.com\\@good.com/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "https:///example.com",
        "https:example.com",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "//example.com/",
        "",
        "https://[::1/",
    ],
)
async def test_a_url_that_can_be_read_in_two_ways_or_hides_a_secret_in_its_host_is_refused(url: str) -> None:
    with pytest.raises(ExecutionError, match="is not a plain http"):
        await send(url)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "bad name", "", "X\r\nY"])
async def test_headers_that_carry_the_message_cannot_be_set(name: str) -> None:
    with pytest.raises(ExecutionError, match="cannot be sent"):
        await send("http://127.0.0.1:9/", headers={name: "x"})


async def test_a_value_that_breaks_a_header_is_not_sent_and_not_told() -> None:
    with pytest.raises(ExecutionError, match="cannot be sent") as caught:
        await send("http://127.0.0.1:9/", headers={"X-Key": "SECRET_REF(n)"})
    assert "\r" not in str(caught.value)


async def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(ExecutionError, match=r"request to nowhere\.invalid: has a host that cannot be found"):
        await send("http://nowhere.invalid/")
    async with serving(OK) as (url, _):
        pass
    with pytest.raises(ExecutionError, match="ConnectError"):
        await send(url)
