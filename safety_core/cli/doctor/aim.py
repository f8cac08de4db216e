"""What is tried against: addresses outside, and the edge and its things on this machine.

The addresses are those of a public resolver that also serves web pages and QUIC. Nothing but our own random bytes is
sent there. `--target` names others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from safety_core.errors import InputError
from safety_core.wire.posture import Check

SECONDS: Final = 2.0
"""How long one try waits for an answer: a resolver or web server across the world answers in a tenth of that."""

OUTSIDE: Final = "1.1.1.1"
OUTSIDE_V6: Final = "2606:4700:4700::1111"
DOMAIN: Final = "example.com"
"""Reserved for examples (RFC 2606): its name servers answer, and nobody is bothered."""

METADATA: Final = ("169.254.169.254", "fd00:ec2::254")
"""Where AWS, Google, Azure and most others hand out a machine's credentials."""

RESOLVED: Final = Path("/run/systemd/resolve/io.systemd.Resolve")

CONTAINERS: Final = (
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/var/lib/lxd/unix.socket",
    "/var/lib/incus/unix.socket",
)
"""Whoever may write to one of these starts a container with the machine's disk in it: that is root."""

V6_CHECKS: Final = frozenset({Check.IPV6_TCP, Check.IPV6_UDP})

OUTWARD: Final = (
    Check.DNS_UDP,
    Check.DNS_TCP,
    Check.DNS_TLS,
    Check.DNS_LOCAL,
    Check.DNS_TUNNEL,
    Check.UDP_443,
    Check.TCP_443,
    Check.TCP_80,
    Check.TCP_22,
    Check.TCP_25,
    Check.HTTP,
    Check.WEBSOCKET,
    Check.IPV6_TCP,
    Check.IPV6_UDP,
    Check.ICMP,
    Check.METADATA,
)
"""Checks that send packets: somebody who may leave makes the same tries, for comparison."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What the tries are made against.

    Attributes:
        hosts: a host for each check that sends packets outside.
        resolvers: this machine's name servers.
        domain: whose name servers a tunnel would lead to.
        metadata: addresses of the metadata service.
        resolved: the socket of systemd-resolved.
        egress: host and port of the edge's listener.
        pids: of the edge and its workers; empty where they are not known.
        files: what only the edge may read.
        socket: its control socket.
        expected: ports of this machine that the agent is meant to reach.
        agent_home: where the agent's OpenClaw may have its configuration.
        sudo: what sudo lets the agent's user do; "" for nothing.
        seconds: how long one try waits for an answer.
    """

    hosts: dict[Check, str]
    resolvers: tuple[str, ...]
    socket: Path
    files: tuple[Path, ...]
    egress: tuple[str, int]
    agent_home: Path
    domain: str = DOMAIN
    metadata: tuple[str, ...] = METADATA
    resolved: Path = RESOLVED
    containers: tuple[str, ...] = CONTAINERS
    pids: tuple[int, ...] = ()
    expected: frozenset[int] = field(default_factory=frozenset)
    sudo: str = ""
    seconds: float = SECONDS


def hosts(targets: tuple[str, ...]) -> dict[Check, str]:
    """Return a host for each check. A target is an address, for all, or CHECK=ADDRESS, for one.

    Raises:
        InputError: it names no check, or no address.
    """
    found = {check: OUTSIDE_V6 if check in V6_CHECKS else OUTSIDE for check in OUTWARD}
    for target in targets:
        named, _, text = target.rpartition("=")
        try:
            address = ip_address(text)
        except ValueError:
            fix = "give an address, or CHECK=ADDRESS"
            raise InputError(f"--target {target}", "names no IP address", fix) from None
        if named:
            found[_check(named, target)] = text
        else:
            six = address.version == 6
            found.update({check: text for check in OUTWARD if (check in V6_CHECKS) is six})
    return found


def _check(named: str, target: str) -> Check:
    if named not in set(OUTWARD):
        names = ", ".join(OUTWARD)
        raise InputError(f"--target {target}", "names no check that sends packets", f"one of {names}")
    return Check(named)


def local_resolvers(text: str) -> tuple[str, ...]:
    """Return the name servers that resolv.conf lists."""
    named = (line.split()[1:2] for line in text.splitlines() if line.split()[:1] == ["nameserver"])
    return tuple(dict.fromkeys(words[0].partition("%")[0] for words in named if words))
