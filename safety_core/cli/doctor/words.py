"""What each check tries, what it means when it is open, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from safety_core.wire.posture import Check


@dataclass(frozen=True, slots=True)
class Words:
    """For people. `tried`: what; `means`: what follows from it being open; `fix`: how it is closed."""

    tried: str
    means: str
    fix: str


_OUT: Final = "the agent can send anything out, past the edge"
_INSTALL: Final = "safety contain install"
_OWN_USER: Final = "run edge and agent as different users"
_DUMP: Final = "the edge's keys and secrets can be read out of it"

WORDS: Final[Mapping[Check, Words]] = MappingProxyType(
    {
        Check.DNS_UDP: Words("DNS query to an outside resolver, UDP", "names carry data out (a DNS tunnel)", _INSTALL),
        Check.DNS_TCP: Words("DNS query to an outside resolver, TCP", "names carry data out (a DNS tunnel)", _INSTALL),
        Check.DNS_TLS: Words("DNS over TLS, port 853", "names carry data out, unseen", _INSTALL),
        Check.DNS_LOCAL: Words("DNS query to this machine's resolver", "it passes names on to the outside", _INSTALL),
        Check.DNS_TUNNEL: Words("90 bytes in a name, by this machine's resolver", "a DNS tunnel works", _INSTALL),
        Check.DNS_SOCKET: Words(
            "this machine's resolver by its socket or D-Bus",
            "a DNS tunnel works, and no firewall sees it",
            "close the socket to the agent; see Containment in docs/egress.md",
        ),
        Check.UDP_443: Words("QUIC, UDP port 443", _OUT, _INSTALL),
        Check.TCP_443: Words("TCP port 443", _OUT, _INSTALL),
        Check.TCP_80: Words("TCP port 80", _OUT, _INSTALL),
        Check.TCP_22: Words("TCP port 22", _OUT, _INSTALL),
        Check.TCP_25: Words("TCP port 25", "the agent can send mail past the edge", _INSTALL),
        Check.HTTP: Words("plain HTTP", _OUT, _INSTALL),
        Check.WEBSOCKET: Words("WebSocket upgrade", _OUT, _INSTALL),
        Check.IPV6_TCP: Words("TCP over IPv6", "a firewall for IPv4 alone lets everything out", _INSTALL),
        Check.IPV6_UDP: Words("UDP over IPv6", "a firewall for IPv4 alone lets everything out", _INSTALL),
        Check.ICMP: Words("ping", "pings carry data out", _INSTALL),
        Check.RAW_SOCKET: Words(
            "raw and packet sockets", "packets of any form leave, past the firewall", "take CAP_NET_RAW from the agent"
        ),
        Check.METADATA: Words("the cloud's metadata service", "the machine's cloud credentials can be had", _INSTALL),
        Check.LOOPBACK: Words(
            "other services of this machine",
            "one of them may pass things on to the outside",
            "list what it needs: safety contain install --loopback PORT ..., safety doctor --loopback PORT ...",
        ),
        Check.CONTAINER_SOCKET: Words(
            "sockets of Docker, Podman, LXD", "the agent can become root", "take the agent's user out of that group"
        ),
        Check.PROC_ENVIRON: Words("/proc/*/environ of the edge", _DUMP, _OWN_USER),
        Check.PROC_MEMORY: Words("/proc/*/mem of the edge", _DUMP, _OWN_USER),
        Check.PTRACE: Words("a debugger on the edge", "the edge does what the agent wants", _OWN_USER),
        Check.VAULT_FILES: Words("the edge's vault, keys and logs", "every secret can be read", _OWN_USER),
        Check.CONTROL_SOCKET: Words(
            "the edge's control socket",
            "the agent can speak for others and take back its own halt",
            f"{_OWN_USER}; give the plugin the loopback port and its token",
        ),
        Check.EDGE_TOKEN: Words(
            "a model by the edge, without a token",
            "anybody here can use it",
            "look at [clients] of the edge's settings",
        ),
        Check.KEYS_ENVIRON: Words(
            "providers' keys in the agent's environment",
            "the agent can use them anywhere",
            "safety secret set, and take them out of there",
        ),
        Check.KEYS_CONFIG: Words(
            "providers' keys in openclaw.json", "the agent can use them anywhere", "safety openclaw install"
        ),
        Check.ROOT: Words(
            "whether the agent is as good as root", "no rule holds it", "take it out of sudo and such groups"
        ),
    }
)
