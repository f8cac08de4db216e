"""What egress.yaml says of the forward proxy -> `ForwardPolicy`.

Checked, in order: the default is to refuse; a way that cannot see requests promises nothing about them; a host is a
plain DNS name, no address, no whole top-level domain; it is no catcher of hosts.yaml, lies below none and covers none;
every field is known; a host and port stand once for each agent. Left to the edge: that no tunnel leads to an LLM
provider, which only its settings know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from safety_core.canonical import JsonObject
from safety_core.errors import PolicyError
from safety_core.model.forward import ForwardPolicy, ForwardRule, How
from safety_core.model.tool_call import AgentId
from safety_core.wire.reader import Reader

REFUSE: Final = "refuse"
"""The one default: what nobody listed does not leave."""

NAME: Final = re.compile(r"\.?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
"""Two labels at least, and a last one that is no number: neither an IPv4 address nor a bare name passes for a host."""

METHOD: Final = re.compile(r"[A-Z]{1,20}")
MOST_PORTS: Final = 16
MOST_BODY: Final = 64 * 1024 * 1024
"""Bytes; what the redactor looks into at most (`safety_core.redact.body.LIMIT`)."""

_PORTS: Final = {How.TUNNEL: 443, How.INTERCEPT: 443, How.PLAIN: 80}
_SEEN_ONLY: Final = ("methods", "body_limit", "strict")
"""Fields that speak of requests, which a tunnel does not see."""


def parse_forward(reader: Reader, catchers: Iterable[str]) -> ForwardPolicy:
    """Return the listed hosts.

    Args:
        catchers: names of services that take in whatever is sent to them; each stands for all that lies below it.

    Raises:
        PolicyError, InputError: naming the field ("data.forward.hosts[0].host"), the reason and the fix.
    """
    if reader.text("default", REFUSE) != REFUSE:
        raise PolicyError(f"{reader.path}.default", "can only be refuse", "list the hosts that are needed")
    known, rules = tuple(catchers), []
    taken: dict[tuple[str, int], list[tuple[str, ForwardRule]]] = {}
    for entry in reader.objects("hosts") if reader.has("hosts") else ():
        rule = _rule(entry, known)
        for port in rule.ports:
            for place, other in taken.setdefault((rule.host, port), []):
                if rule.agents is None or other.agents is None or rule.agents & other.agents:
                    reason = f"{rule.host} stands already at {place} with port {port}, for the same agents"
                    raise PolicyError(f"{entry.path}.host", reason, "put both into one, or name other agents in each")
            taken[rule.host, port].append((entry.path, rule))
        rules.append(rule)
    reader.done()
    return ForwardPolicy(tuple(rules))


def catchers_of(hosts: JsonObject) -> tuple[str, ...]:
    """Return the catchers of hosts.yaml, in lower case; it is data for rules, and may hold none."""
    below = hosts.get("hosts")
    listed = (below if isinstance(below, dict) else hosts).get("catchers")
    return tuple(item.lower() for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()


def _rule(entry: Reader, catchers: tuple[str, ...]) -> ForwardRule:
    how = _how(entry)
    rule = ForwardRule(
        host=_host(entry, catchers),
        ports=_ports(entry, how),
        how=how,
        methods=_methods(entry) if entry.has("methods") else None,
        agents=frozenset(AgentId(name) for name in entry.texts("agents")) if entry.has("agents") else None,
        body_limit=entry.integer("body_limit", maximum=MOST_BODY) if entry.has("body_limit") else None,
        strict=entry.flag("strict", default=False),
        why=entry.text("why", "", limit=500),
    )
    entry.done()
    return rule


def _how(entry: Reader) -> How:
    word = entry.text("how")
    if word not in {member.value for member in How}:
        raise PolicyError(f"{entry.path}.how", f"{word[:40]!r} is not one of tunnel, intercept, plain")
    how = How(word)
    for field in _SEEN_ONLY:
        if how is How.TUNNEL and entry.has(field):
            raise PolicyError(f"{entry.path}.{field}", "cannot be seen in a tunnel", "write how: intercept")
    return how


def _host(entry: Reader, catchers: tuple[str, ...]) -> str:
    host, place = entry.text("host", limit=253), f"{entry.path}.host"
    if not NAME.fullmatch(host):
        fix = 'write a name as in DNS, in lower case, such as github.com, or ".github.com" for what lies below it'
        raise PolicyError(place, "is not the name of a host", fix)
    for catcher in catchers:
        below, covers = f".{host}".endswith(f".{catcher}"), host.startswith(".") and f".{catcher}".endswith(host)
        if below or covers:
            reason = f"{'is or lies below' if below else 'covers'} {catcher}, a catcher of hosts.yaml"
            raise PolicyError(place, reason, "take it out: whatever is sent there, anybody can pick up")
    return host


def _ports(entry: Reader, how: How) -> tuple[int, ...]:
    listed = entry.json("ports") if entry.has("ports") else [_PORTS[how]]
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_PORTS:
        raise PolicyError(f"{entry.path}.ports", f"must be a list of 1 to {MOST_PORTS} ports")
    ports = tuple(port for port in listed if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536)
    if len(ports) != len(listed) or len(set(ports)) != len(ports):
        raise PolicyError(f"{entry.path}.ports", "must be whole numbers from 1 to 65535, each of them once")
    return ports


def _methods(entry: Reader) -> frozenset[str]:
    methods = entry.texts("methods")
    if not methods or not all(METHOD.fullmatch(method) for method in methods):
        raise PolicyError(f"{entry.path}.methods", "must name HTTP methods in capitals", "leave it out to allow all")
    if "CONNECT" in methods:
        raise PolicyError(f"{entry.path}.methods", "cannot name CONNECT", "write how: tunnel or how: intercept")
    return frozenset(methods)
