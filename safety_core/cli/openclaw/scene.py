"""What install finds before it plans anything: the configuration, what an earlier install noted, what the edge says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ada_url import URL

from safety_core.cli.openclaw.config import ConfigFile, locate, read_config
from safety_core.cli.openclaw.manifests import ask_all
from safety_core.cli.openclaw.place import Place, Record
from safety_core.cli.openclaw.plugin import install_gate, shipped_plugin
from safety_core.cli.openclaw.wish import Manifest, Wish, agents_of
from safety_core.edge.home import Home
from safety_core.errors import InputError

EGRESS: Final = "http://127.0.0.1:8100"
"""Where the edge's egress is, unless its settings say otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says. None: look for it."""

    home: Home
    config: Path | None = None
    socket: Path | None = None
    egress: str | None = None
    program: Path | None = None
    link: bool = False
    without: tuple[str, ...] = ()
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """What was found before anything is planned. `agents`: of the configuration; `manifests`: of the edge."""

    file: ConfigFile
    place: Place
    old: Record | None
    agents: tuple[str, ...]
    manifests: Mapping[str, Manifest] | None
    wish: Wish


def look(asked: Asked) -> Scene:
    """Read the configuration, what an earlier install noted, and what the edge says."""
    file = own_config(asked.config)
    place = Place.of(asked.home, file.path)
    old, agents = place.record(), agents_of(file.tree)
    socket = (asked.socket or asked.home.socket).absolute()
    told = ask_all(socket)
    shipped = shipped_plugin()
    plugin = shipped if asked.link else place.plugin
    wish = Wish(
        plugin=str(plugin),
        socket=str(socket),
        egress=_address(asked.egress) if asked.egress else told.egress or last_egress(old),
        tokens={agent: str(place.token_file(agent)) for agent in agents},
        manifests=told.manifests or {},
        upstreams=old.upstreams if old else {},
        without=frozenset(asked.without),
        gate=install_gate(plugin, shipped, agents[0], socket),
        former=frozenset({str(shipped), str(place.plugin)} - {str(plugin)}),
    )
    return Scene(file, place, old, agents, told.manifests, wish)


def last_egress(record: Record | None) -> str:
    """Return the edge's egress as the last install knew it, for an edge that is down says none."""
    return (record.egress if record else "") or EGRESS


def own_config(named: Path | None) -> ConfigFile:
    """Return the configuration, which must belong to whoever runs this: OpenClaw has to read what install keeps.

    Raises:
        InputError: it belongs to somebody else.
    """
    file = read_config(locate(named, os.environ))
    if file.owner != os.geteuid():
        reason = "belongs to another user, who could not read the tokens"
        raise InputError(str(file.path), reason, "run this, and the edge, as the user whose OpenClaw it is")
    return file


def _address(given: str) -> str:
    """Return the address of an egress, or refuse what is none."""
    try:
        url = URL(given)
        plain = (
            url.protocol in {"http:", "https:"} and url.pathname == "/" and not (url.username or url.search or url.hash)
        )
    except ValueError:
        plain = False
    if not plain:
        raise InputError("--egress", "must be an address and a port", "write http://127.0.0.1:8100")
    return given.rstrip("/")
