"""The options that say whom the rules hold and what they let through, read into one `Containment`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

import click

from safety_core.cli.contain.people import Person, known, person
from safety_core.cli.contain.places import place, port
from safety_core.cli.contain.rules import BRIDGES, NEED_USERS, Containment, Need
from safety_core.errors import InputError

NO_BRIDGE: Final = "none"

_BRIDGE: Final = re.compile(r"[A-Za-z0-9_.-]{1,14}\*?")

_NEEDS: Final = [need.value for need in Need]

_OPTIONS: Final = (
    click.option("--edge-user", "edge", required=True, help="The user whom the edge runs as: it may leave."),
    click.option("--agent-user", "agents", multiple=True, help="A user whom agents run as: it may not."),
    click.option("--everyone", is_flag=True, help="Hold all other users, too, but for what a system --needs."),
    click.option(
        "--need",
        "needs",
        multiple=True,
        type=click.Choice(_NEEDS),
        default=_NEEDS,
        help="With --everyone: what the system may do.  [default: all of them]",
    ),
    click.option("--allow", multiple=True, metavar="CIDR:PORT", help="What agents may reach all the same, by TCP."),
    click.option(
        "--loopback",
        multiple=True,
        metavar="PORT",
        help="A port of this machine that agents may reach, and no others.  [default: all but name servers]",
    ),
    click.option(
        "--dns", "resolvers", multiple=True, metavar="PORT", help="A further port on which a resolver listens here."
    ),
    click.option(
        "--bridge",
        "bridges",
        multiple=True,
        metavar="NAME",
        default=BRIDGES,
        help=f"Interfaces of containers, with a final * if need be; {NO_BRIDGE!r} holds no container."
        f"  [default: {' '.join(BRIDGES)}]",
    ),
)
_NAMES: Final = ("edge", "agents", "everyone", "needs", "allow", "loopback", "resolvers", "bridges")


def wish_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets them as one `wish`."""

    @wraps(command)
    def gathered(**given: Any) -> Any:
        wish = containment({name: given.pop(name) for name in _NAMES})
        return command(wish=wish, **given)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


def containment(given: Mapping[str, Any]) -> Containment:
    """Return what the options say. Raises InputError for what cannot be meant."""
    owner, held = person(given["edge"]), tuple(person(name) for name in given["agents"])
    if not held and not given["everyone"]:
        raise InputError("--agent-user", "is not given", "name the user that the agent runs as, or say --everyone")
    for agent in held:
        if agent.uid == 0:
            raise InputError("--agent-user root", "holds nobody: root lifts the rules", "give the agent its own user")
        if agent.uid == owner.uid:
            fix = "give the agent a user of its own: two programs of one user cannot be told apart"
            raise InputError(f"--agent-user {agent.name}", "is the edge's user, too", fix)
    needs = tuple((need, _who(need)) for need in Need if need.value in given["needs"]) if given["everyone"] else ()
    return Containment(
        edge=(owner,),
        agents=held,
        everyone=given["everyone"],
        needs=needs,
        allow=tuple(place(text) for text in given["allow"]),
        loopback=_ports("--loopback", given["loopback"]),
        resolvers=_ports("--dns", given["resolvers"]),
        bridges=_bridges(given["bridges"]),
    )


def _who(need: Need) -> tuple[Person, ...]:
    return tuple(found for name in NEED_USERS.get(need, ()) if (found := known(name)) is not None)


def _ports(option: str, texts: tuple[str, ...]) -> tuple[int, ...]:
    found = tuple(port(text) for text in texts)
    if 0 in found:
        raise InputError(f"{option} {texts[found.index(0)]}", "is no port", "give a number from 1 to 65535")
    return found


def _bridges(names: tuple[str, ...]) -> tuple[str, ...]:
    if names == (NO_BRIDGE,):
        return ()
    for name in names:
        if not _BRIDGE.fullmatch(name):
            raise InputError(f"--bridge {name}", "is no interface's name", "see `ip link`")
    return names
