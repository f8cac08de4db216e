"""TLS that is opened with the local CA: requests in it are looked through, and prompts take the egress."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import uvloop

from proxy.egress.app import EgressApp, Terms
from proxy.forward.leaves import Leaves
from proxy.forward.parts import Limits
from proxy.settings import Provider
from safety_core.edge import clock
from safety_core.edge.files import replace_file
from safety_core.edge.home import Home
from safety_core.edge.local_ca import LocalCa, load_chain, make_ca, open_ca
from safety_core.errors import InputError, SecretError
from safety_core.model.forward import ForwardRule, How
from safety_core.model.record import Event
from tests.proxy.egress.setting import Books as EgressBooks
from tests.proxy.egress.setting import known
from tests.proxy.forward.setting import CLIENTS, TOKEN, Serve, Setting, forwarding, http_origin, made_up_ca, run
from tests.simulators.prompt_world import KEY, SECRETS

PASSWORD = next(iter(SECRETS.values()))
SHOP = ForwardRule("shop.test", (443,), How.INTERCEPT)


@pytest.fixture
def world(tmp_path: Path) -> LocalCa:
    return made_up_ca(tmp_path / "world")


def curl(setting: Setting, *more: str) -> tuple[str, ...]:
    return (
        "curl",
        "-sS",
        "--proxy",
        setting.url,
        "--cacert",
        str(setting.ca),
        "-m",
        "20",
        "--suppress-connect-headers",
        *more,
    )


async def test_curl_and_python_trust_the_local_ca_and_are_served(tmp_path: Path, world: LocalCa) -> None:
    async with (
        http_origin(ca=world) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, origin=world) as setting,
    ):
        assert await run(*curl(setting, "https://shop.test/a?b=1", "https://shop.test/c")) == (0, "hellohello", "")
        script = (
            "import http.client, ssl, base64, sys\n"
            f"line = http.client.HTTPSConnection('127.0.0.1', {setting.port}, context=ssl.create_default_context())\n"
            "line.set_tunnel('shop.test', 443, {'Proxy-Authorization': 'Basic ' + sys.argv[1]})\n"
            "line.request('POST', '/up', b'a body'); print(line.getresponse().read().decode())\n"
        )
        basic = base64.b64encode(f"me:{TOKEN}".encode()).decode()
        assert await run(sys.executable, "-c", script, basic, SSL_CERT_FILE=str(setting.ca)) == (0, "hello\n", "")
        await setting.settled(Event.FORWARD_ENDED, 3)
        assert [body for _, body in origin.seen] == [b"", b"", b"a body"]
        assert origin.seen[0][0].startswith(b"GET /a?b=1 HTTP/1.1\r\n")
        assert b"proxy-authorization" not in origin.seen[2][0].lower()
        assert [entry.event for entry in setting.log].count(Event.FORWARDED) == 3


async def test_a_secret_inside_of_tls_does_not_leave(tmp_path: Path, world: LocalCa) -> None:
    async with (
        http_origin(ca=world) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, origin=world) as setting,
    ):
        code, out, _ = await run(*curl(setting, "-i", "https://shop.test/", "-d", f"a={PASSWORD}"))
        assert code == 0
        assert out.startswith("HTTP/1.1 403 ")
        assert "in the body SECRET_REF(DB_PASSWORD)" in out
        code, out, _ = await run(*curl(setting, "https://shop.test/", "-H", "Host: other.test"))
        assert "the header Host: names another host than shop.test:443" in out
        assert origin.seen == []


async def test_git_clones_and_fetches_and_cannot_push_what_nobody_can_look_into(tmp_path: Path, world: LocalCa) -> None:
    """What a clone says is text, what a push says a pack, which is binary."""
    source, served, target = (str(tmp_path / name) for name in ("source", "served.git", "target"))
    me = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@shop.test", "HOME": str(tmp_path)}
    me |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@shop.test", "GIT_CONFIG_NOSYSTEM": "1"}

    async def git(*arguments: str, **environ: str) -> tuple[int, str, str]:
        return await run("git", *arguments, **me, **environ)

    assert (await git("init", "-q", "-b", "main", source))[0] == 0
    for number in range(3):
        assert (await git("-C", source, "commit", "-q", "--allow-empty", "-m", f"{number}"))[0] == 0
    assert (await git("clone", "-q", "--bare", source, served))[0] == 0
    assert (await git("-C", served, "config", "http.receivepack", "true"))[0] == 0
    rule = ForwardRule("git.test", (443,), How.INTERCEPT, frozenset({"GET", "POST"}))
    async with (
        http_origin(ca=world, host="git.test", serve=backend(tmp_path)) as origin,
        forwarding(tmp_path / "e", [rule], ports={443: origin.port}, origin=world) as setting,
    ):
        through = {"https_proxy": setting.url, "GIT_SSL_CAINFO": str(setting.ca)}
        assert await git("clone", "-q", "https://git.test/served.git", target, **through) == (0, "", "")
        assert (await git("-C", target, "rev-list", "--count", "HEAD"))[1] == "3\n"
        assert (await git("-C", source, "commit", "-q", "--allow-empty", "-m", "more"))[0] == 0
        assert (await git("-C", source, "push", "-q", served, "main"))[0] == 0
        assert await git("-C", target, "pull", "-q", "--ff-only", **through) == (0, "", "")
        assert (await git("-C", target, "rev-list", "--count", "HEAD"))[1] == "4\n"
        assert (await git("-C", target, "commit", "-q", "--allow-empty", "-m", "mine"))[0] == 0
        code, _, err = await git("-C", target, "push", "-q", "origin", "main", **through)
        assert code != 0
        assert "403" in err
    assert (await git("-C", served, "rev-list", "--count", "main"))[1] == "4\n"


def backend(root: Path) -> Serve:
    """Return a server that hands each request to git's own CGI program, one request on a connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        environ = {
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": method,
            "CONTENT_TYPE": fields.get("content-type", ""),
            "CONTENT_LENGTH": fields.get("content-length", "0"),
            "HTTP_CONTENT_ENCODING": fields.get("content-encoding", ""),
            "GIT_PROTOCOL": fields.get("git-protocol", ""),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        }
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environ
        )
        out, _ = await process.communicate(await reader.readexactly(int(environ["CONTENT_LENGTH"])))
        told, _, body = out.partition(b"\r\n\r\n")
        length = b"Content-Length: %d\r\nConnection: close" % len(body)
        writer.write(b"HTTP/1.1 200 OK\r\n" + told + b"\r\n" + length + b"\r\n\r\n" + body)
        await writer.drain()

    return serve


async def test_a_client_must_ask_for_the_host_of_its_connect(tmp_path: Path, world: LocalCa) -> None:
    async with forwarding(tmp_path / "e", [SHOP], origin=world) as setting:
        for number, name in enumerate(("git.test", "127.0.0.1"), 1):  # the latter sends no name at all
            line, _, writer = await setting.connect("shop.test:443")
            assert line.startswith(b"HTTP/1.1 200 ")
            context = ssl.create_default_context(cafile=setting.ca)
            with pytest.raises((OSError, ssl.SSLError)):
                await asyncio.get_running_loop().start_tls(
                    writer.transport, asyncio.Protocol(), context, server_hostname=name
                )
            assert len(await setting.settled(Event.FORWARD_REFUSED, number)) == number


async def test_who_does_not_trust_the_ca_is_not_served(tmp_path: Path, world: LocalCa) -> None:
    async with forwarding(tmp_path / "e", [SHOP], origin=world) as setting:
        code, _, _ = await run("curl", "-sS", "--proxy", setting.url, "-m", "20", "https://shop.test/")
        assert code == 60
        await setting.settled(Event.FORWARD_REFUSED)
        assert "safety contain ca" in setting.parts.books.last
        await setting.until(lambda: setting.parts.books.open == 0)


async def test_who_never_begins_tls_is_not_waited_for(tmp_path: Path, world: LocalCa) -> None:
    async with forwarding(tmp_path / "e", [SHOP], origin=world, limits=Limits(handshake_seconds=0.1)) as setting:
        _, reader, _ = await setting.connect("shop.test:443")
        assert await reader.read() == b""
        await setting.settled(Event.FORWARD_REFUSED)
        await setting.until(lambda: setting.parts.books.open == 0)


async def test_a_host_whose_certificate_is_not_trusted_is_not_reached(tmp_path: Path, world: LocalCa) -> None:
    stranger = made_up_ca(tmp_path / "stranger")
    async with (
        http_origin(ca=stranger) as origin,
        forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, origin=world) as setting,
    ):
        code, out, _ = await run(*curl(setting, "-i", "https://shop.test/"))
        assert code == 0
        assert out.startswith("HTTP/1.1 502 ")
        assert "no certificate that this machine's store trusts" in out
        assert origin.seen == []


@pytest.mark.parametrize(("hosts", "words"), [(None, "cannot be read"), (("git.test",), "is not made for shop.test")])
async def test_without_a_ca_for_the_host_nothing_is_opened(tmp_path: Path, hosts: Any, words: str) -> None:
    async with forwarding(tmp_path, [SHOP], ca_hosts=hosts) as setting:
        line, _, _ = await setting.connect("shop.test:443")
        assert line == (b"HTTP/1.1 403 Forbidden\r\n" if hosts is None else b"HTTP/1.1 400 Bad Request\r\n")
        assert words in setting.parts.books.last
        assert "safety contain ca" in setting.parts.books.last


@pytest.mark.parametrize("path", ["", "/sub", "/api/v4"])
async def test_prompts_take_the_egress_whatever_way_they_come(tmp_path: Path, world: LocalCa, path: str) -> None:
    """Redaction, key, meter: what holds at the egress holds for software that only knows the provider's own URL."""
    books, reply = EgressBooks(), _completion()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply
    rule = ForwardRule("llm.test", (443,), How.INTERCEPT)
    async with http_origin(answer) as model:
        base = f"http://127.0.0.1:{model.port}"
        local = Provider("openai", "openai", base + path, KEY, private=True)
        app = EgressApp([local], CLIENTS, redactor=known, handlers=books.handlers(), terms=Terms())
        told = Provider("openai", "openai", f"https://llm.test{path}", KEY)
        async with forwarding(tmp_path / "e", [rule], origin=world, providers=[told], egress=app) as setting:
            body = {"model": "m", "messages": [{"role": "user", "content": f"say {PASSWORD}"}]}
            sent = ("-H", "Content-Type: application/json", "-H", "Authorization: Bearer mine", "-d", json.dumps(body))
            where = "/chat/completions" if path.endswith("v4") else "/v1/chat/completions"
            code, out, err = await run(*curl(setting, f"https://llm.test{path}{where}", *sent))
            assert (code, json.loads(out)["choices"][0]["message"]["content"]) == (0, "fine"), err
            code, out, _ = await run(*curl(setting, "-i", f"https://llm.test{path}/v1/unknown", *sent))
            assert out.startswith("HTTP/1.1 404 ")
            code, out, _ = await run(*curl(setting, "-i", "https://llm.test/v2/chat/completions", *sent))
            assert out.startswith("HTTP/1.1 400 " if path else "HTTP/1.1 404 ")
            assert ("lies below no base URL" in out) is bool(path)
        await app.aclose()
    (head, raw), *more = model.seen
    assert more == []
    assert head.startswith(f"POST {path}{where} HTTP/1.1\r\n".encode())
    assert SECRETS[KEY].encode() in head
    assert b"SECRET_REF(DB_PASSWORD)" in raw
    assert [meter.provider for meter in books.metered] == ["openai"]


def _completion() -> bytes:
    message = {"role": "assistant", "content": "fine"}
    usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps(
        {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
    ).encode()


def test_it_runs_on_the_loop_of_the_edge(tmp_path: Path, world: LocalCa) -> None:
    async def scene() -> None:
        async with (
            http_origin(ca=world) as origin,
            forwarding(tmp_path / "e", [SHOP], ports={443: origin.port}, origin=world) as setting,
        ):
            assert await run(*curl(setting, "https://shop.test/a", "https://shop.test/b")) == (0, "hellohello", "")
            code, _, _ = await run("curl", "-sS", "--proxy", setting.url, "-m", "20", "https://shop.test/")
            assert code == 60
            await setting.settled(Event.FORWARD_REFUSED)
            await setting.until(lambda: setting.parts.books.open == 0)

    uvloop.run(scene())


def test_leaves_are_kept_renewed_and_replaced_with_their_ca(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    make_ca(home, ["shop.test"], clock.now())
    now = [clock.now()]
    leaves = Leaves(lambda: open_ca(home), lambda: now[0])
    first = leaves.context("a.shop.test")
    assert leaves.context("a.shop.test") is first
    now[0] += 4 * 86400
    second = leaves.context("a.shop.test")
    assert second is not first
    make_ca(home, ["shop.test"], clock.now())
    assert leaves.context("a.shop.test") is not second
    now[0] += 400 * 86400
    with pytest.raises(InputError, match="has expired"):
        leaves.context("b.shop.test")


def test_of_two_that_make_a_ca_at_once_the_last_one_makes_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, second = Home(tmp_path).create(), threading.Thread(target=lambda: make_ca(home, None, clock.now()))
    written: list[str] = []

    def slowly(path: Path, raw: bytes) -> None:
        if written and threading.current_thread() is not second:
            second.join(0.5)
        replace_file(path, raw)
        if not written:
            written.append(path.name)
            second.start()

    monkeypatch.setattr("safety_core.edge.local_ca.replace_file", slowly)
    make_ca(home, ["shop.test"], clock.now())
    second.join()
    assert open_ca(home)


def test_the_key_is_for_its_user_alone_and_belongs_to_its_certificate(tmp_path: Path) -> None:
    home = Home(tmp_path).create()
    with pytest.raises(SecretError, match="cannot be read"):
        open_ca(home)
    make_ca(home, ["shop.test"], clock.now())
    key = home.keys / "ca.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o640)
    with pytest.raises(SecretError, match="open to others"):
        open_ca(home)
    key.chmod(0o600)
    other = Home(tmp_path / "other").create()
    make_ca(other, None, clock.now())
    key.write_bytes((other.keys / "ca.key").read_bytes())
    with pytest.raises(SecretError, match="does not belong to its key"):
        open_ca(home)
    key.write_bytes(b"nothing")
    with pytest.raises(SecretError, match="does not hold a certificate"):
        open_ca(home)


def test_a_stolen_ca_opens_no_other_host(tmp_path: Path) -> None:
    """Whoever has the key can sign for any name, but no client takes it: the CA's names are constrained."""
    authority = make_ca(Home(tmp_path).create(), [".shop.test"], clock.now())
    assert authority.hosts == ("shop.test",)
    assert _shaken(authority, authority.leaf("a.shop.test", clock.now()).pem, "a.shop.test") is None
    forged = _Thief(authority.certificate, authority._key).leaf("bank.test", clock.now())
    assert "permitted subtree violation" in str(_shaken(authority, forged.pem, "bank.test"))


class _Thief(LocalCa):
    """Signs without a look at the constraints."""

    @property
    def hosts(self) -> tuple[str, ...] | None:
        return None


def _shaken(authority: LocalCa, pem: bytes, host: str) -> Exception | None:
    """Shake hands in memory as a client that trusts `authority`; return what it says against it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_chain(server, pem)
    client = ssl.create_default_context(cadata=authority.pem.decode())
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (client.wrap_bio(down, up, server_hostname=host), server.wrap_bio(up, down, server_side=True))
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error
    return None
