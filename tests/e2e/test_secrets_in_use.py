"""While a secret is in use it is looked for: in the list of processes, in files, in logs, in what errors say.

One entry of `USES` for each adapter. A use is held in the middle: by a command that waits, or a server that was handed
the secret and says nothing. Who looks: another command of the same edge, another user of the machine, and root; of
root's view only the environment of the one child that has the secret there by design is left out.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from proxy.parts import limits_of
from proxy.settings_source import load_settings
from safety_core.cli.main import cli
from safety_core.edge.execute import Limits, execute
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue
from safety_core.resolve import HttpPlan, ShellPlan
from tests.simulators import mcp_server, secret_search
from tests.simulators.silent import Silent
from tests.simulators.site import Edge, Site, site
from tests.simulators.tenant_network import as_root

NAME = SecretName("IN_USE")
REFERENCE = f"SECRET_REF({NAME})"
VALUE = f"Zq{secrets.token_hex(12)}+/&{secrets.token_hex(12)}"
SEARCH = f"{shlex.quote(sys.executable)} {shlex.quote(str(Path(secret_search.__file__)))}"
SOMEBODY = 40011
SHARED = (Path("/var/tmp"), Path("/dev/shm"))


def spellings() -> dict[str, str]:
    """Return how the secret may be written: plain, and as encodings leave it, wherever they begin."""
    raw = VALUE.encode()
    inner = {f"base64 at {at}": base64.b64encode(b"x" * at + raw).decode()[4:-4] for at in range(3)}
    return {"plain": VALUE, "hex": raw.hex(), "percent": quote(VALUE, safe=""), "reversed": VALUE[::-1], **inner}


@dataclass
class Place:
    """A running edge with everything connected, and what waits at the other ends."""

    site: Site
    edge: Edge
    servers: Mapping[str, Silent]
    limits: Limits
    since: float

    def run(self, tool: str, params: dict[str, Any]) -> Any:
        """Have the edge run a tool, once a person said yes."""
        told = self.edge.run(tool, **params)
        if told["status"] == "pending":
            self.site.answer(told["approval"]["id"])
            told = self.edge.run(tool, wait=30.0, **params)
        return told

    def asked(self, *folders: Path, environ: bool) -> str:
        given = {"needles": spellings(), "folders": [str(f) for f in folders], "since": self.since, "environ": environ}
        return json.dumps(given)

    def seen_by_a_command(self) -> list[str]:
        """Return where another command of the same edge finds the secret."""
        work = self.site.workspace
        plan = ShellPlan(SEARCH, str(work), (), 60.0, self.asked(work, *SHARED, self.site.home.path, environ=True))
        return list(json.loads(asyncio.run(execute(plan, {}, self.limits)).output))

    def seen_by_somebody(self) -> list[str]:
        """Return where another user of the machine finds it: lent the power to read any file, but no process."""
        lent = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        who = ("setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", *lent)
        told = as_root((*who, *shlex.split(SEARCH)), input=self.asked(*self._files(), environ=True))
        return list(json.loads(told.stdout))

    def seen_by_root(self, *, environ: bool) -> list[str]:
        """Return where root finds it, in files and in what processes show."""
        return list(json.loads(as_root(shlex.split(SEARCH), input=self.asked(*self._files(), environ=environ)).stdout))

    def _files(self) -> tuple[Path, ...]:
        """Edge and hub with their logs, the workspace, folders for temporary files, where a core would be."""
        return (self.site.folder, *SHARED)


@dataclass(frozen=True)
class Use:
    """One adapter with the secret in use.

    Attributes:
        begin: makes the call.
        begun: tells whether the secret is in use now.
        end: lets what holds it go on.
        connection: what the operator connected, under the name of this use; PORT and SOCKET are its silent server's.
        pinned: words that pin what it describes itself; DESCRIPTION is a file that describes an HTTP service.
        in_environment: the child has the secret in its environment, by design.
        written: name of the file in which the call itself writes it.
    """

    begin: Callable[[Place], Any]
    begun: Callable[[Place], bool]
    end: Callable[[Place], None] = lambda place: None
    connection: Mapping[str, Any] | None = None
    pinned: tuple[str, ...] | None = None
    in_environment: bool = False
    written: str = "/"


def waiting(command: str | list[str], **params: Any) -> Use:
    """A command that says that it has begun, then waits for a word in a pipe."""

    def begin(place: Place) -> Any:
        return place.run("exec", {"command": command, **params})

    def end(place: Place) -> None:
        (place.site.workspace / "go").write_text("go\n")

    return Use(begin, lambda place: (place.site.workspace / "begun").exists(), end, in_environment=True)


def connected(name: str, tool: str, connection: Mapping[str, Any], **params: Any) -> Use:
    """A call to a connected service whose server says nothing."""
    given = params if "." in tool else {"connection": name, "timeout": 30, **params}
    return Use(
        lambda place: place.run(tool, given),
        lambda place: place.servers[name].begun.is_set(),
        lambda place: place.servers[name].let_go(),
        {"private": True, **connection},
    )


def _end_program(place: Place) -> None:
    for one in children(place.edge.popen.pid, Path(mcp_server.__file__).name):
        os.kill(one, signal.SIGKILL)


def _request(place: Place) -> Any:
    url = f"http://127.0.0.1:{place.servers['http'].port}/?k={REFERENCE}"
    plan = HttpPlan("POST", url, (("X-Key", REFERENCE),), f'{{"key": "{REFERENCE}"}}', (NAME,), 30.0)
    limits = Limits(allow_hosts=frozenset({"127.0.0.1"}))
    with pytest.raises(ExecutionError) as caught:
        asyncio.run(execute(plan, {NAME: SecretValue(VALUE)}, limits))
    return {"error": str(caught.value)}


BEGUN = "touch begun; cat go"
LOGIN = {"secrets": {"password": NAME}, "user": "agent@shop.example"}

USES: dict[str, Use] = {
    "exec": waiting(BEGUN, env={"KEY": REFERENCE}, stdin=f"key={REFERENCE}\n"),
    "exec-line": waiting(f"KEY={REFERENCE}; export KEY; printf '%s' {REFERENCE} | wc -c; {BEGUN}"),
    "argv": waiting(["sh", "-c", BEGUN], env={"KEY": REFERENCE}, stdin=f"key={REFERENCE}\n"),
    "http": Use(
        _request,
        lambda place: VALUE.encode() in place.servers["http"].received,
        lambda place: place.servers["http"].let_go(),
    ),
    "file": Use(
        lambda place: place.run("write", {"path": "shop.env", "content": f"KEY={REFERENCE}\n"}),
        lambda place: (place.site.workspace / "shop.env").exists(),
        written="shop.env",
    ),
    "sql": connected(
        "sql", "sql_query", {"adapter": "sql", "target": "postgresql://127.0.0.1:PORT/shop", **LOGIN},
        query="SELECT $1::text", parameters=[REFERENCE],
    ),
    "mail": connected("mail", "mail_folders", {"adapter": "mail", "target": "imaps://127.0.0.1:PORT", **LOGIN}),
    "webhook": connected(
        "webhook", "webhook_send",
        {"adapter": "webhook", "target": "http://127.0.0.1:PORT/hook", "secrets": {"secret": NAME}},
        event="order.shipped", payload={"number": 1042},
    ),
    "calendar": connected(
        "calendar", "calendar_list", {"adapter": "calendar", "target": "https://127.0.0.1:PORT/", **LOGIN}
    ),
    "docker": connected(
        "docker", "docker_run", {"adapter": "docker", "target": "unix://SOCKET"},
        image="shop:1", command=["run"], env={"KEY": REFERENCE},
    ),
    "rest": replace(
        connected(
            "rest", "rest.list_orders",
            {"adapter": "rest", "target": "http://127.0.0.1:PORT", "secrets": {"token": NAME}},
        ),
        pinned=("--description", "DESCRIPTION"),
        begun=lambda place: VALUE.encode() in place.servers["rest"].received,
    ),
    "mcp": replace(
        connected("mcp", "mcp.silent", {"adapter": "mcp", "target": "PROGRAM", "secrets": {"KEY": NAME}}),
        pinned=(),
        begun=lambda place: (place.site.workspace / "acts").exists(),
        end=_end_program,
        in_environment=True,
    ),
}  # fmt: skip
SERVED_BY_A_CHILD = ("sql", "mail", "calendar", "docker")

DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "security": [{"bearer": []}],
    "paths": {"/orders": {"get": {"operationId": "list_orders", "responses": {"200": {"description": "orders"}}}}},
}


def connections(here: Site, servers: Mapping[str, Silent]) -> str:
    """Return the edge's setting."""
    program = f"{sys.executable} {mcp_server.__file__} {here.workspace}"
    options = {"readable": [str(Path(mcp_server.__file__).parent)], "writable": [str(here.workspace)]}
    found: dict[str, Any] = {}
    for name, use in USES.items():
        if use.connection:
            places = {"PORT": str(servers[name].port), "SOCKET": str(servers[name].path), "PROGRAM": program}
            target = use.connection["target"]
            for word, place in places.items():
                target = target.replace(word, place)
            found[name] = {**use.connection, "target": target}
    found["mcp"]["options"] = options
    return json.dumps(found)


@pytest.fixture(scope="module")
def place() -> Generator[Place, None, None]:
    since = time.time()
    with site() as here, here.hub(), ExitStack() as stack:
        here.workspace.mkdir()
        servers = {name: Silent(here.folder / f"{name}.sock") for name in USES}
        for server in servers.values():
            stack.callback(server.close)
        here.introduce()
        here.publish()
        (here.folder / "rest.json").write_text(json.dumps(DESCRIPTION))
        connected_ = connections(here, servers)
        environ = {"SAFETY_HOME": str(here.home.path), "SAFETY_EDGE_CONNECTIONS": connected_}

        def safety(*words: str, typed: str = "") -> None:
            done = CliRunner().invoke(cli, words, input=typed, env=environ, catch_exceptions=False)
            assert done.exit_code == 0, done.output

        safety("secret", "set", NAME, typed=VALUE)
        for name, use in USES.items():
            if use.pinned is not None:
                words = [str(here.folder / "rest.json") if word == "DESCRIPTION" else word for word in use.pinned]
                safety("connection", "pin", name, *words, "--yes")
        with here.edge(CONNECTIONS=connected_) as edge:
            settings = {"HOME": str(here.home.path), "TENANT": "bakery", "WORKSPACE": str(here.workspace)}
            given = load_settings(None, {f"SAFETY_EDGE_{key}": value for key, value in settings.items()})
            yield Place(here, edge, servers, limits_of(given), since)


@pytest.fixture(autouse=True)
def empty_workspace(place: Place) -> Generator[None, None, None]:
    os.mkfifo(place.site.workspace / "go")
    yield
    for left in place.site.workspace.iterdir():
        left.unlink()
    for server in place.servers.values():
        server.begun.clear()


@contextmanager
def in_use(place: Place, use: Use) -> Generator[Future[Any], None, None]:
    """Make the call; in the block, the secret is in use."""
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(use.begin, place)
        try:
            until(lambda: use.begun(place) or call.done())
            assert use.begun(place), call.result()
            yield call
        finally:
            if not call.done():
                use.end(place)


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("name", USES)
def test_it_is_seen_nowhere(place: Place, name: str) -> None:
    use = USES[name]
    with in_use(place, use) as call:
        seen = {
            "another command": place.seen_by_a_command(),
            "another user": place.seen_by_somebody(),
            "root": place.seen_by_root(environ=not use.in_environment),
        }
    answer = json.dumps(call.result(60))
    after = place.seen_by_root(environ=True)
    left = {who: [spot for spot in spots if use.written not in spot] for who, spots in seen.items()}
    assert left == {"another command": [], "another user": [], "root": []}
    assert [spot for spot in after if use.written not in spot] == []
    assert [how for how, text in spellings().items() if text in answer] == []


@pytest.mark.parametrize("name", SERVED_BY_A_CHILD)
def test_a_child_that_is_aborted_leaves_no_core_and_says_nothing(place: Place, name: str) -> None:
    with in_use(place, USES[name]) as call:
        (child,) = children(place.edge.popen.pid, "safety_core.edge.adapters.worker")
        os.kill(child, signal.SIGABRT)
        answer = json.dumps(call.result(60))
    assert "was cut off in the middle" in answer
    assert [how for how, text in spellings().items() if text in answer] == []
    assert place.seen_by_root(environ=True) == []
    assert not [*Path("/").glob("core*")]


def test_a_command_that_is_aborted_leaves_no_core(place: Place) -> None:
    params = {"command": "kill -ABRT $$", "env": {"KEY": REFERENCE}, "stdin": REFERENCE}
    assert place.run("exec", params)["exit"] == 128 + signal.SIGABRT
    assert place.seen_by_root(environ=True) == []


def test_a_secret_is_not_made_an_argument(place: Place) -> None:
    told = place.run("exec", {"command": ["printf", "%s", REFERENCE]})
    assert "would be seen by every user of this machine" in json.dumps(told)
    assert VALUE not in json.dumps(told)


def test_the_search_finds_what_is_there(place: Place) -> None:
    """Whoever looks sees it where it is shown: in arguments, in an environment of one's own, in files."""
    (place.site.workspace / "spilt").write_text(base64.b64encode(VALUE.encode()).decode())
    with waited(["sh", "-c", "sleep 30; :", VALUE], {"PATH": os.defpath, "KEY": VALUE}):
        assert place.seen_by_a_command() == [f"{place.site.workspace}/spilt: base64 at 0"]
        shown = {"cmdline of sh: plain", "ps: plain", f"{place.site.workspace}/spilt: base64 at 0"}
        assert set(place.seen_by_somebody()) == shown
        assert set(place.seen_by_root(environ=True)) >= shown | {"environ of sh: plain"}


@contextmanager
def waited(command: list[str], env: dict[str, str]) -> Generator[None, None, None]:
    """Have a program run in the block, with nothing to hide."""
    with subprocess.Popen(command, env=env) as process:
        try:
            yield
        finally:
            process.kill()


def children(parent: int, word: str) -> list[int]:
    """Return the processes below one that have a word in their command line and started no others."""
    below: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            status = (process / "stat").read_text().rsplit(")", 1)[1].split()
            below.setdefault(int(status[1]), []).append(int(process.name))
    found, open_ = [], [parent]
    while open_:
        one = open_.pop()
        open_ += below.get(one, [])
        with suppress(OSError):
            if word in Path(f"/proc/{one}/cmdline").read_text() and not below.get(one):
                found.append(one)
    return found
