"""A tenant's machine, the Internet and a container, as three network namespaces that we make and take away again.

outside (198.51.100.1, 2001:db8::1, the metadata address)  <->  tenant (198.51.100.2)  <->  box (192.0.2.2)

In each, what there is in reality: name servers, web servers and so on outside; a resolver, an edge, a database and a
bridge named as Docker names its own at the tenant. Needs root: without it, sudo is asked.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent.parent

OUTSIDE: Final = "198.51.100.1"
OUTSIDE_V6: Final = "2001:db8::1"
TENANT: Final = "198.51.100.2"
PATIENT: Final = ("--patience", "30")
"""Everybody answers at once here, unless the machine that runs this is busy."""

AGENT, EDGE, RESOLVER, DATABASE, OTHER = 40_001, 40_002, 40_003, 40_004, 40_005
"""Numbers that are no user's: no password file is touched."""

DATABASE_PORT: Final = 5432
RESOLVER_PORT: Final = 5335
"""Where the tenant's resolver listens, too."""
AGENT_PORT: Final = 9000

_LINKS: Final = (
    "link add {out} type veth peer name eth0 netns {tenant}",
    "link add docker0 netns {tenant} type veth peer name eth0 netns {box}",
    "-n {outside} link set lo up",
    "-n {tenant} link set lo up",
    "-n {box} link set lo up",
)
_AS_USER: Final = """
import click._termui_impl, os, sys
from safety_core.cli.contain import command
from safety_core.cli.doctor import command
from safety_core.cli.main import run
from safety_core.cli import usage_error
os.setgroups([])
os.setresgid(*[int(sys.argv[1])] * 3)
os.setresuid(*[int(sys.argv[1])] * 3)
sys.exit(run(sys.argv[2:]))
"""

_ADDRESSES: Final = {
    "outside": ("198.51.100.1/24", "2001:db8::1/64", "169.254.169.254/32", "fd00:ec2::254/128"),
    "tenant": ("198.51.100.2/24", "2001:db8::2/64"),
    "box": ("192.0.2.2/24",),
}


def as_root(command: Sequence[str], **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as root."""
    return subprocess.run([*by_root(), *command], capture_output=True, text=True, timeout=120, check=False, **more)


def by_root() -> list[str]:
    """Return what has to stand before a command so that root runs it."""
    return [] if os.geteuid() == 0 else ["sudo", "-n"]


@dataclass(frozen=True)
class Network:
    """The names of the namespaces, and where the tenant's edge lives."""

    outside: str
    tenant: str
    box: str
    home: Path

    def run(self, where: str, *command: str, status: int | None = 0) -> str:
        """Run a command in a namespace and return what it printed."""
        done = as_root(["ip", "netns", "exec", where, *command], cwd=ROOT)
        assert status in {None, done.returncode}, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def safety(self, *arguments: str, status: int | None = 0) -> str:
        """Run one of our commands on the tenant's machine."""
        return self.run(self.tenant, sys.executable, "-m", "safety_core.cli", *arguments, status=status)

    def as_user(self, where: str, uid: int, *arguments: str) -> str:
        """Run one of our commands as a user who was never root: the program is loaded before the user is changed."""
        return self.run(where, sys.executable, "-c", _AS_USER, str(uid), *arguments)

    def as_program(self, where: str, uid: int, *command: str, caps: Sequence[str] = ()) -> str:
        """Run a program of the machine as a user, with these options of setpriv about its capabilities."""
        who = (f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
        return self.run(where, "setpriv", *who, *caps, "--", *command)

    @contextmanager
    def running(self, where: str, uid: int, *command: str) -> Iterator[None]:
        """Have a program run as a user, which ends when it is told to."""
        with _started(
            ["ip", "netns", "exec", where, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
        ):
            yield

    @contextmanager
    def talking(self, where: str, uid: int, *command: str) -> Iterator[Callable[[], str]]:
        """Have a program run as a user; yields what lets it go on, and returns what it prints then."""
        who = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--")
        with _started(["ip", "netns", "exec", where, *who, *command]) as process:

            def go_on() -> str:
                return process.communicate(b"\n", timeout=60)[0].decode()

            yield go_on

    def nft(self, text: str) -> None:
        """Load rules at the tenant."""
        done = as_root(["ip", "netns", "exec", self.tenant, "nft", "-f", "-"], input=text)
        assert done.returncode == 0, done.stderr

    def doctor(self, uid: int, *more: str) -> dict[str, dict[str, str]]:
        """Have the doctor look as this user; return each check's entry."""
        where = ("--target", OUTSIDE, "--target", OUTSIDE_V6, "--resolver", "127.0.0.53", "--home", str(self.home))
        said = self.safety("doctor", "--as", str(uid), *where, "--json", *PATIENT, *more, status=None)
        return {entry["check"]: entry for entry in json.loads(said)["checks"]}

    def open_for(self, uid: int, *more: str) -> set[str]:
        """Return the checks that the doctor finds open as this user."""
        found = self.doctor(uid, *more)
        return {check for check, entry in found.items() if entry["result"] == "open"}


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Make it, with everything running, and take it away again. `folder` can be entered by everybody."""
    mark = secrets.token_hex(3)
    names = {name: f"sg{mark}-{name}" for name in ("outside", "tenant", "box")}
    (folder / "edge").mkdir()
    made = Network(**names, home=folder / "edge" / "home")
    with ExitStack() as stack:
        for name in names.values():
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
        _wire(names, f"sg{mark}")
        for where, *arguments in (
            (made.outside, "outside"),
            (made.tenant, "resolver", str(RESOLVER), OUTSIDE),
            (made.tenant, "service", str(DATABASE), "127.0.0.1", str(DATABASE_PORT)),
            (made.tenant, "service", str(AGENT), TENANT, str(AGENT_PORT)),
            (made.tenant, "patient", str(AGENT), TENANT, str(AGENT_PORT + 1)),
            (made.tenant, "edge", str(EDGE), str(made.home)),
        ):
            stack.enter_context(_running(where, arguments))
        yield made


def _wire(names: dict[str, str], out: str) -> None:
    for line in _LINKS:
        _ip(*line.format(out=out, **names).split())
    _ip("link", "set", out, "netns", names["outside"], "name", "eth0")
    for name, addresses in _ADDRESSES.items():
        for address in addresses:
            _ip("-n", names[name], "addr", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
        _ip("-n", names[name], "link", "set", "eth0", "up")
    tenant = names["tenant"]
    _ip("-n", tenant, "addr", "add", "192.0.2.1/24", "dev", "docker0")
    _ip("-n", tenant, "link", "set", "docker0", "up")
    for where, way in (
        (tenant, OUTSIDE),
        (tenant, OUTSIDE_V6),
        (names["box"], "192.0.2.1"),
        (names["outside"], TENANT),
    ):
        family = ["-6"] if ":" in way else []
        _ip("-n", where, *family, "route", "add", "default", "via", way)
    for setting in ("ip_forward=1", "ping_group_range=0 2147483647"):
        name, _, value = setting.partition("=")
        done = as_root(["ip", "netns", "exec", tenant, "sh", "-c", f"echo '{value}' >/proc/sys/net/ipv4/{name}"])
        assert done.returncode == 0, done.stderr


def _ip(*arguments: str) -> None:
    done = as_root(["ip", *arguments])
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


@contextmanager
def _running(where: str, arguments: Sequence[str]) -> Iterator[None]:
    command = ["ip", "netns", "exec", where, sys.executable, "-m", "tests.simulators.machine_service", *arguments]
    with _started(command):
        yield


@contextmanager
def _started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([*by_root(), *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            assert process.stdout.readline() == b"ready\n", f"{command} did not start"
            yield process
        finally:
            process.stdin.close()  # on which it ends
