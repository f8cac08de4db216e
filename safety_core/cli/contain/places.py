"""What `--allow` names: an address range and a TCP port, such as 10.0.0.0/24:5432 or [fd00::5]:5432."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from safety_core.errors import InputError

_SHAPE: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+(?:/[0-9]+)?)\]|([0-9.]+(?:/[0-9]+)?)):([0-9]{1,5})")

_RESOLVERS: Final = frozenset({53, 853})


@dataclass(frozen=True, slots=True)
class Place:
    """TCP to `port` of every address in `network`."""

    network: IPv4Network | IPv6Network
    port: int


def place(text: str) -> Place:
    """Return the place that `text` names.

    Raises:
        InputError: it names none, a name server, or the whole Internet.
    """
    thing, fix = f"--allow {text}", "write it as 10.0.0.0/24:5432 or [fd00::5]:5432"
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise InputError(thing, "is not an address range and a port", fix)
    try:
        network = ip_network(shape[1] or shape[2])
    except ValueError as error:
        raise InputError(thing, f"names no address range ({error})", fix) from error
    number = port(shape[3])
    if not number:
        raise InputError(thing, "names no port", fix)
    if number in _RESOLVERS:
        raise InputError(thing, "is a name server, and those are a way out", "let the edge resolve names")
    if network.prefixlen == 0:
        raise InputError(thing, "is the whole Internet", "name the range that the agent needs")
    return Place(network, number)


def port(text: str) -> int:
    """Return the port that `text` names, or 0 for none."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if number < 65536 else 0
