"""A connection's first bytes: who is served, and what is refused before anything else is done."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest

from proxy.forward.parts import Limits
from proxy.settings import Provider
from safety_core.errors import AuditError, PolicyError
from safety_core.model.forward import ForwardRule, How
from safety_core.model.record import Event
from safety_core.model.tool_call import AgentId
from tests.proxy.forward.setting import AGENT, BASIC, TOKEN, forwarding
from tests.proxy.forward.test_tunnel import SHOP
from tests.simulators.prompt_world import SECRETS

PASSWORD = next(iter(SECRETS.values()))


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (BASIC, True),
        (f"proxy-authorization: Bearer {TOKEN}\r\n".encode(), True),
        (b"", False),
        (BASIC + BASIC, False),
        (f"Authorization: Bearer {TOKEN}\r\n".encode(), False),
        (b"Proxy-Authorization: Bearer wrong\r\n", False),
        (b"Proxy-Authorization: Basic !!!\r\n", False),
        (b"Proxy-Authorization: Basic " + base64.b64encode(TOKEN.encode()) + b"\r\n", False),
        (f"Proxy-Authorization: Digest {TOKEN}\r\n".encode(), False),
    ],
)
async def test_only_known_clients_are_served(tmp_path: Path, header: bytes, known: bool) -> None:
    async with forwarding(tmp_path, [SHOP], table={}) as setting:
        said = await setting.ask(b"CONNECT shop.test:443 HTTP/1.1\r\nHost: shop.test:443\r\n" + header + b"\r\n")
        assert said.startswith(b"HTTP/1.1 502 " if known else b"HTTP/1.1 407 ")
        assert (b'proxy-authenticate: Basic realm="safety"' in said) is not known
        assert bool(setting.log) is known


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("other.test:443", 403, "is not listed for the forward proxy"),
        ("a.shop.test:443", 403, "is not listed for the forward proxy"),
        ("shop.test:22", 403, "is not listed with port 22"),
        ("plain.test:80", 403, "reached by http:// URLs alone"),
        ("10.0.0.1:443", 403, "is an address"),
        ("127.1:443", 403, "is an address"),
        ("0x7f000001:443", 403, "is an address"),
        ("2130706433:443", 403, "is an address"),
        ("169.254.169.254:443", 403, "is an address"),
        ("[::1]:443", 403, "is an address"),
        ("shop.test", 400, "is not host:port"),
        ("shop.test:0", 400, "does not lie in 1 to 65535"),
        ("shop.test:443:443", 400, "is no name"),
        ("sh%6fp.test:443", 400, "is not host:port"),
        ("[shop.test]:443", 400, "is no name"),
        ("shop.test.:443", 400, "is no name"),
        ("shop..test:443", 400, "is no name"),
        ("http://shop.test:443/", 400, "is not host:port"),
        ("ours.test:443", 403, "is not listed for ada"),
        ("both.test:443", 502, "has no address"),
        ("llm.test:443", 403, "is an LLM provider: no tunnel"),
        ("api.mistral.ai:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("shop.openai.azure.com:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("bedrock-runtime.eu-west-1.amazonaws.com:443", 403, "is an LLM provider that the edge's settings do not list"),
        ("docs.mistral.ai:443", 502, "has no address"),
    ],
)
async def test_what_is_not_listed_is_refused_with_the_reason(
    tmp_path: Path, target: str, status: int, words: str
) -> None:
    rules = [
        SHOP,
        ForwardRule("plain.test", (80,), How.PLAIN),
        ForwardRule("ours.test", (443,), How.TUNNEL, agents=frozenset({AgentId("eve")})),
        ForwardRule("both.test", (443,), How.PLAIN, agents=frozenset({AgentId("eve")})),
        ForwardRule("both.test", (443,), How.TUNNEL, agents=frozenset({AGENT})),
        ForwardRule("llm.test", (443,), How.TUNNEL),
        ForwardRule(".mistral.ai", (443,), How.INTERCEPT),
        ForwardRule("docs.mistral.ai", (443,), How.TUNNEL),
        ForwardRule(".openai.azure.com", (443,), How.TUNNEL),
        ForwardRule("bedrock-runtime.eu-west-1.amazonaws.com", (443,), How.INTERCEPT),
    ]
    provider = Provider("openai", "openai", "https://llm.test/v1", None)
    async with forwarding(tmp_path, rules, providers=[provider], table={"shop.test": ()}) as setting:
        said = await setting.ask(f"CONNECT {target} HTTP/1.1\r\nHost: shop.test\r\n".encode() + BASIC + b"\r\n")
        assert said.startswith(f"HTTP/1.1 {status} ".encode())
        assert words in said.decode()
        assert setting.names.asked == ([target.partition(":")[0]] if status == 502 else [])
        assert setting.parts.books.refused == 1
        assert words in setting.parts.books.last


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x05\x01\x00", b""),
        (b"\x04\x01\x01\xbb\x01\x02\x03\x04\x00", b""),
        (b"\x16\x03\x01\x00\x05hello", b""),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"OPTIONS * HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"GET https://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"GET ftp://shop.test/ HTTP/1.1\r\nHost: shop.test\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\nHost: shop.test\n\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/3\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01", b"400 Bad Request"),
        (b"A" * 20_000, b"400 Bad Request"),
        (b"CONNECT shop.test:443 HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 20_000, b"400 Bad Request"),
    ],
)
async def test_other_protocols_and_odd_heads_are_refused(tmp_path: Path, raw: bytes, words: bytes) -> None:
    async with forwarding(tmp_path, [SHOP]) as setting:
        assert words in (await setting.ask(raw)).partition(b"\r\n")[0]
        assert setting.parts.books.refused == 1
        assert setting.parts.books.allowed == 0
        assert setting.names.asked == []


async def test_a_name_of_the_own_network_is_refused(tmp_path: Path) -> None:
    for addresses in (("10.1.2.3",), ("127.0.0.1", "192.168.1.1"), ("169.254.169.254",), ("::1",), ("0.0.0.0",)):
        async with forwarding(tmp_path, [SHOP], table={"shop.test": addresses}) as setting:
            line, _, _ = await setting.connect("shop.test:443")
            assert line == b"HTTP/1.1 403 Forbidden\r\n"
            assert "not public" in setting.parts.books.last


async def test_a_name_with_a_secret_in_it_is_never_looked_up_nor_written_down(tmp_path: Path) -> None:
    secret = PASSWORD.lower().replace("_", "-").encode().hex()[:40]
    rule = ForwardRule(".shop.test", (443,), How.TUNNEL)
    async with forwarding(tmp_path, [rule]) as setting:
        name = f"{PASSWORD.encode().hex()}.shop.test"
        line, _, _ = await setting.connect(f"{name}:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert setting.names.asked == []
        assert "SECRET_REF(DB_PASSWORD)" in setting.parts.books.last
        assert all(PASSWORD.encode().hex() not in str(entry) and secret not in str(entry) for entry in setting.log)


async def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], limits=Limits(head_seconds=0.05)) as setting:
        assert (await setting.ask(b"CONNECT shop")).startswith(b"HTTP/1.1 408 ")


async def test_there_is_room_for_so_many(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], limits=Limits(connections=1)) as setting:
        _, writer = await asyncio.open_connection("127.0.0.1", setting.port)
        await setting.until(lambda: setting.parts.books.open == 1)
        assert (await setting.ask(b"")).startswith(b"HTTP/1.1 503 ")
        writer.close()
        await setting.until(lambda: setting.parts.books.open == 0)
        assert (await setting.ask(b"GET / HTTP/1.1\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_what_cannot_be_recorded_does_not_leave(tmp_path: Path) -> None:
    def full(_: object) -> None:
        raise AuditError("audit log", "cannot be written")

    async with forwarding(tmp_path, [SHOP], append=full) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert setting.names.asked == []


async def test_without_a_policy_or_when_halted_nothing_leaves(tmp_path: Path) -> None:
    def halted(agent: AgentId) -> None:
        raise PolicyError(f"agent {agent}", "was halted by a person")

    async with forwarding(tmp_path, [SHOP], admit=halted) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 403 Forbidden\r\n"
        assert "was halted" in setting.parts.books.last


async def test_a_host_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    async with forwarding(tmp_path, [SHOP], ports={443: 1}) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == b"HTTP/1.1 502 Bad Gateway\r\n"
        assert [event for event, _ in setting.events()] == [Event.FORWARDED, Event.FORWARD_REFUSED]
