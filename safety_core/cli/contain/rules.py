"""Whom the firewall holds, and what it lets through -> the text of an nftables ruleset.

Every way out belongs to exactly one kind of refusal, by the order of `REFUSALS`. A kind has a chain of its own with one
rule that notes (with a limit, so that nobody fills the log), and one that counts and refuses. What is refused is
refused with an ICMP error, so that programs fail at once instead of waiting.

What is looked at is the user who opened the socket (`meta skuid`), in the output of this machine. Packets without one
(the kernel's own: resets, neighbour discovery) are nobody's way out.

An answer over a connection that came in (ssh) passes, so nobody is locked out. Of an agent nothing else does: that a
connection is "established" says that somebody had it, not that the agent may. Whoever takes the source port of a flow
that was let out (or the identifier of a ping) goes on with it, for as long as it is kept alive. So an agent's own open
connections end when the rules are loaded; with --everyone, those of other users stay.

Source: nft(8); Linux net/netfilter/nft_meta.c (skuid is the file-system uid of whoever made the socket).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety_core.cli.contain.people import Person
from safety_core.cli.contain.places import Place

TABLE: Final = "safety_gateway"
"""Our table, in the family inet. Nothing else is touched, and `remove` deletes nothing else."""

COUNTER: Final = "refused_"
"""What the names of our counters begin with; the rest is the kind of refusal."""

NAME_PORTS: Final = (53, 853, 5353, 5355)
"""Where names are resolved: DNS, DNS over TLS and QUIC, mDNS, LLMNR."""

BRIDGES: Final = ("docker*", "br-*", "podman*", "cni*", "nerdctl*", "lxcbr*", "lxdbr*", "incusbr*", "virbr*")
"""Interfaces behind which containers and machines of this host sit, by the names that their programs give them."""

METADATA_V4: Final = ("100.100.100.200", "168.63.129.16", "169.254.0.0/16")
METADATA_V6: Final = ("fd00:ec2::/64", "fe80::a9fe:a9fe")
"""Where clouds hand out credentials to whoever asks: link-local (AWS, Google, Azure), Azure's wire server, Alibaba."""

_TO_NAMES: Final = "meta l4proto { tcp, udp } th dport @names"


class Need(StrEnum):
    """What a system needs although nobody but the edge may leave it (`--everyone`)."""

    DHCP = "dhcp"
    NTP = "ntp"
    DNS = "dns"
    APT = "apt"


NEED_USERS: Final = {
    Need.NTP: ("root", "systemd-timesync", "_chrony", "chrony", "ntp", "ntpsec", "openntpd"),
    Need.DNS: ("root", "systemd-resolve", "systemd-network", "unbound", "dnsmasq", "bind"),
    Need.APT: ("_apt",),
}
"""Who has the need, where there is such a user. `apt` downloads as _apt, which no other program runs as."""


@dataclass(frozen=True, slots=True)
class Containment:
    """What the rules shall do.

    Attributes:
        edge: the users who may leave: the edge's.
        agents: the users who may not.
        everyone: nobody else may, either, but for the `needs` of these users.
        allow: what the agents may reach all the same.
        loopback: ports of this machine that the agents may reach; empty for all but those that resolve names.
        resolvers: further ports of this machine on which names are resolved.
        bridges: interfaces behind which containers sit; what they send anywhere but to this machine is refused.
    """

    edge: tuple[Person, ...]
    agents: tuple[Person, ...]
    everyone: bool = False
    needs: tuple[tuple[Need, tuple[Person, ...]], ...] = ()
    allow: tuple[Place, ...] = ()
    loopback: tuple[int, ...] = ()
    resolvers: tuple[int, ...] = ()
    bridges: tuple[str, ...] = BRIDGES


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal. `what`: for people. `matches`: what belongs to it and to none before it."""

    name: str
    what: str
    matches: tuple[str, ...] = ()


METADATA: Final = Refusal("metadata", "the cloud's metadata service", ("ip daddr @metadata4", "ip6 daddr @metadata6"))
"""Before everything that is allowed: no --allow reaches it."""

REFUSALS: Final = (
    Refusal("local_dns", "names by this machine's own resolver: a tunnel goes through it"),
    Refusal("loopback", "services of this machine that are not listed"),
    METADATA,
    Refusal("ipv6", "anything over IPv6", ("meta nfproto ipv6",)),
    Refusal("dns", "names by an outside resolver, plain or encrypted", (_TO_NAMES,)),
    Refusal("quic", "UDP 443: QUIC and HTTP/3", ("udp dport 443",)),
    Refusal("icmp", "ICMP: a ping carries data, too", ("meta l4proto icmp",)),
    Refusal("other", "everything else", ("",)),
    Refusal("forward", "what containers send past the edge"),
)
"""In the order in which they are tried; the first two are for loopback, the last for containers."""


def ruleset(wish: Containment) -> str:
    """Return the text for `nft -f`: our table, replaced as a whole by one transaction."""
    lines = [
        f"table inet {TABLE}",  # so that there is one to delete, the first time, too
        f"delete table inet {TABLE}",
        "",
        f"table inet {TABLE} {{",
        *_sets(wish),
        *(f"\tcounter {COUNTER}{refusal.name} {{ }}" for refusal in REFUSALS),
        "",
        *_chain("output", *_output(wish)),
        *_chain("held", *_held(wish)),
        *_chain("held_loopback", *_loopback(wish)),
        *_chain("out", *_gotos(*REFUSALS[3:])),
        *(_chain("needed", *_needed(wish)) if wish.everyone else ()),
        *(line for refusal in REFUSALS for line in _refuse(refusal)),
        *_chain("forward", *_forward(wish)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _sets(wish: Containment) -> list[str]:
    ports = sorted({*NAME_PORTS, *wish.resolvers})
    return [
        *_set("edge", "uid", [str(person.uid) for person in wish.edge], interval=False),
        *_set("agents", "uid", sorted({part for person in wish.agents for part in person.ranges()}, key=_first)),
        *_set("names", "inet_service", [str(port) for port in ports], interval=False),
        *_set("metadata4", "ipv4_addr", [*METADATA_V4]),
        *_set("metadata6", "ipv6_addr", [*METADATA_V6]),
        "",
    ]


def _first(part: str) -> int:
    return int(part.partition("-")[0])


def _set(name: str, kind: str, elements: list[str], *, interval: bool = True) -> list[str]:
    flags = " flags interval; auto-merge;" if interval else ""
    held = f" elements = {{ {', '.join(elements)} }}" if elements else ""
    return [f"\tset {name} {{ type {kind};{flags}{held} }}"]


def _chain(name: str, *rules: str) -> list[str]:
    return [f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules), "\t}", ""]


def _goto(refusal: Refusal, match: str) -> str:
    return f"{match} goto refuse_{refusal.name}".strip()


def _gotos(*refusals: Refusal) -> list[str]:
    return [_goto(refusal, match) for refusal in refusals for match in refusal.matches]


def _output(wish: Containment) -> list[str]:
    rules = ["type filter hook output priority filter - 10; policy accept;", "meta skuid @agents goto held"]
    if wish.everyone:
        resolving = f"meta skuid != {{ {', '.join(map(str, _resolving(wish)))} }}"
        rules += [
            "ct state established,related accept",
            "meta skuid @edge accept",
            f'oifname "lo" {resolving} {_TO_NAMES} goto refuse_local_dns',
            'oifname "lo" accept',
            "jump needed",
            *_gotos(METADATA),
            "goto out",
        ]
    return rules


def _resolving(wish: Containment) -> list[int]:
    """Return who may use this machine's own resolver where everyone is held: the edge, and who needs to."""
    return sorted({person.uid for people in (wish.edge, *(people for _, people in wish.needs)) for person in people})


def _held(wish: Containment) -> list[str]:
    allowed = [
        f"{'ip6' if place.network.version == 6 else 'ip'} daddr {place.network} tcp dport {place.port} accept"
        for place in wish.allow
    ]
    answer = "ct direction reply ct state established accept"
    return [answer, 'oifname "lo" goto held_loopback', *_gotos(METADATA), *allowed, "goto out"]


def _loopback(wish: Containment) -> list[str]:
    names = f"{_TO_NAMES} goto refuse_local_dns"
    if not wish.loopback:
        return [names, "accept"]
    return [names, *(f"tcp dport {port} accept" for port in sorted(wish.loopback)), "goto refuse_loopback"]


def _needed(wish: Containment) -> list[str]:
    """Return the rules for what a system needs; the kernel's neighbour discovery always is."""
    kinds = "nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report"
    rules = [f"icmpv6 type {{ {kinds} }} accept"]
    for need, people in wish.needs:
        users = f"meta skuid {{ {', '.join(str(person.uid) for person in people)} }}"
        if need is Need.DHCP:
            rules += ["udp sport 68 udp dport 67 accept", "udp sport 546 udp dport 547 accept"]
        elif need is Need.NTP and people:
            rules.append(f"{users} udp dport 123 accept")
        elif need is Need.DNS and people:
            rules.append(f"{users} meta l4proto {{ tcp, udp }} th dport {{ 53, 853 }} accept")
        elif people:
            rules.append(f"{users} tcp dport {{ 80, 443 }} accept")
    return rules


def _refuse(refusal: Refusal) -> list[str]:
    note = f'limit rate 10/minute burst 20 packets log prefix "safety contain {refusal.name}: " level info flags skuid'
    return _chain(
        f"refuse_{refusal.name}",
        note,
        f'counter name "{COUNTER}{refusal.name}" reject with icmpx type admin-prohibited',
    )


def _forward(wish: Containment) -> list[str]:
    """Return what holds containers: not from one to another, and not to this machine, which is no forwarding."""
    rules = ["type filter hook forward priority filter - 10; policy accept;", "ct state established,related accept"]
    rules += [f'oifname "{bridge}" accept' for bridge in wish.bridges]
    return rules + [f'iifname "{bridge}" goto refuse_forward' for bridge in wish.bridges]
