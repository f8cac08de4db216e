"""Tries that send packets. Each is one small exchange, and sends no more than random bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

from safety_core.cli.doctor import questions
from safety_core.cli.doctor.aim import Aim
from safety_core.cli.doctor.ports import listening
from safety_core.cli.doctor.trial import Seen, Trial, failed, together, worst
from safety_core.wire.posture import Check

_BYTES: Final = 4096


_NO_RESOLVERS: Final = frozenset({53, 67, 68, 123, 546})
"""UDP ports that are no hidden resolver: the known one is asked by name, the others are DHCP and NTP."""


def reach(host: str, port: int) -> socket.socket:
    """Return a TCP connection to an address. Raises OSError.

    `socket.create_connection` is for names, too: it loads a codec, whose file the agent's user may not be able to read.
    """
    connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.connect((host, port))
    except OSError:
        connection.close()
        raise
    return connection


def connects(host: str, port: int) -> Trial:
    """Try to open a TCP connection."""
    detail = f"TCP {host} port {port}"
    try:
        with reach(host, port):
            return Trial(Seen.ANSWERED, detail)
    except OSError as error:
        return failed(error, detail)


def speaks_http(host: str, request: bytes) -> Trial:
    """Try to get an HTTP answer on port 80, whatever it says."""
    detail = f"HTTP {host} port 80"
    try:
        with reach(host, 80) as connection:
            connection.sendall(request)
            said = connection.recv(_BYTES)
    except OSError as error:
        return failed(error, detail)
    return Trial(Seen.ANSWERED if said.startswith(b"HTTP/") else Seen.SILENT, detail)


def answers_datagram(host: str, port: int, datagram: bytes, right: Callable[[bytes], bool]) -> Trial:
    """Try to get a UDP answer that is `right`."""
    detail = f"UDP {host} port {port}"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as connection:
            connection.connect((host, port))
            connection.send(datagram)
            answer = connection.recv(_BYTES)
    except OSError as error:
        return failed(error, detail)
    return Trial(Seen.ANSWERED if right(answer) else Seen.SILENT, detail)


def resolves_udp(host: str, name: str, kind: int = questions.A, *, port: int = 53, any_answer: bool = True) -> Trial:
    """Ask a name server by UDP. `any_answer`: also one that says it could not find out."""
    asked = questions.query(name, kind)
    right = questions.answers if any_answer else questions.found
    return answers_datagram(host, port, asked, lambda answer: right(asked, answer))


def resolves_tcp(host: str, name: str) -> Trial:
    """Ask a name server by TCP."""
    detail, asked = f"TCP {host} port 53", questions.query(name, questions.A)
    try:
        with reach(host, 53) as connection:
            connection.sendall(len(asked).to_bytes(2, "big") + asked)
            answer = connection.recv(_BYTES)
    except OSError as error:
        return failed(error, detail)
    return Trial(Seen.ANSWERED if questions.answers(asked, answer[2:]) else Seen.SILENT, detail)


def pings(host: str) -> Trial:
    """Try an ICMP echo by a socket that needs no privilege (net.ipv4.ping_group_range)."""
    detail = f"ICMP {host}"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as connection:
            connection.connect((host, 0))
            connection.send(questions.echo_request())
            connection.recv(_BYTES)
            return Trial(Seen.ANSWERED, detail)
    except OSError as error:
        return failed(error, detail)


def _here(ask: Callable[[str, str], Trial], host: str, name: str) -> Trial:
    """Ask a name server of this machine: where a port of ours refuses, nobody listens."""
    trial = ask(host, name)
    return Trial(Seen.REFUSED, f"{trial.detail}: nobody listens") if trial.seen is Seen.RESET else trial


def local_names(aim: Aim) -> Trial:
    """Ask this machine's own name servers, by UDP and TCP, and whoever listens on any other UDP port of it."""
    ways = (resolves_udp, resolves_tcp)
    known = together(partial(_here, way, host, aim.domain) for host in aim.resolvers for way in ways)
    odd = listening("udp", _NO_RESOLVERS)
    found = together(partial(resolves_udp, host, aim.domain, port=port) for host, port in odd)
    return worst((known, found)) if found.seen is Seen.ANSWERED else known


def tunnel(aim: Aim) -> Trial:
    """Ask them for a name that carries bytes: an answer means that a name server outside has read them."""
    name = questions.tunnel_name(aim.domain)
    asks = partial(resolves_udp, kind=questions.TXT, any_answer=False)
    return together(partial(_here, asks, host, name) for host in aim.resolvers)


def metadata(aim: Aim) -> Trial:
    """Try to reach what hands out the machine's credentials."""
    return together(partial(connects, host, 80) for host in aim.metadata)


Try = Callable[[Aim], Trial]

OUTWARD_TRIES: Final[Mapping[Check, Try]] = MappingProxyType(
    {
        Check.DNS_UDP: lambda aim: resolves_udp(aim.hosts[Check.DNS_UDP], aim.domain),
        Check.DNS_TCP: lambda aim: resolves_tcp(aim.hosts[Check.DNS_TCP], aim.domain),
        Check.DNS_TLS: lambda aim: connects(aim.hosts[Check.DNS_TLS], 853),
        Check.DNS_LOCAL: local_names,
        Check.DNS_TUNNEL: tunnel,
        Check.UDP_443: lambda aim: answers_datagram(aim.hosts[Check.UDP_443], 443, questions.quic_hello(), bool),
        Check.TCP_443: lambda aim: connects(aim.hosts[Check.TCP_443], 443),
        Check.TCP_80: lambda aim: connects(aim.hosts[Check.TCP_80], 80),
        Check.TCP_22: lambda aim: connects(aim.hosts[Check.TCP_22], 22),
        Check.TCP_25: lambda aim: connects(aim.hosts[Check.TCP_25], 25),
        Check.HTTP: lambda aim: speaks_http(aim.hosts[Check.HTTP], questions.get(aim.hosts[Check.HTTP])),
        Check.WEBSOCKET: lambda aim: speaks_http(
            aim.hosts[Check.WEBSOCKET], questions.get(aim.hosts[Check.WEBSOCKET], upgrade=True)
        ),
        Check.IPV6_TCP: lambda aim: connects(aim.hosts[Check.IPV6_TCP], 443),
        Check.IPV6_UDP: lambda aim: resolves_udp(aim.hosts[Check.IPV6_UDP], aim.domain),
        Check.ICMP: lambda aim: pings(aim.hosts[Check.ICMP]),
        Check.METADATA: metadata,
    }
)
