"""`safety doctor`: finds the edge, tries to get out as the agent's user, and tells edge and people what was open."""

from __future__ import annotations

import json
import os
import pwd
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from safety_core.canonical import Json
from safety_core.cli.contain.people import Person, person
from safety_core.cli.contain.places import port
from safety_core.cli.doctor import powers
from safety_core.cli.doctor.aim import DOMAIN, METADATA, RESOLVED, SECONDS, Aim, hosts, local_resolvers
from safety_core.cli.doctor.child import TRIES, Told, trials
from safety_core.cli.doctor.edge import Edge, find_edge
from safety_core.cli.doctor.judge import judged, nobody_left
from safety_core.cli.doctor.outward import OUTWARD_TRIES
from safety_core.cli.doctor.screen import show
from safety_core.cli.doctor.trial import Trial
from safety_core.cli.doctor.words import WORDS
from safety_core.cli.edge_socket import ask_edge
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.posture import Check, Posture, Result

AGENT: Final = "agent"
CONTROL: Final = "control"

EGRESS: Final = ("127.0.0.1", 8100)
"""Where the edge listens for prompts, unless its status says otherwise."""

_RESOLV: Final = Path("/etc/resolv.conf")


@click.command(short_help="Try to get out as the agent's user, in every way.")
@click.option("--as", "user", metavar="USER", help="The agent's user; only root may become another one.")
@click.option(
    "--home",
    type=click.Path(path_type=Path, readable=False),
    help="The edge's folder.  [default: $SAFETY_HOME or ~/.safety]",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="[CHECK=]ADDRESS",
    help="A host outside to try, for all checks or one.  [default: 1.1.1.1 and 2606:4700:4700::1111]",
)
@click.option("--resolver", "resolvers", multiple=True, metavar="ADDRESS", help="[default: those of /etc/resolv.conf]")
@click.option("--domain", default=DOMAIN, show_default=True, help="Whose name servers a DNS tunnel would lead to.")
@click.option("--metadata", multiple=True, metavar="ADDRESS", default=METADATA, help=f"[default: {' '.join(METADATA)}]")
@click.option("--loopback", multiple=True, metavar="PORT", help="A port of this machine that the agent is to reach.")
@click.option("--compare-as", metavar="USER", help="Who may leave, to compare with.  [default: the edge's user]")
@click.option(
    "--patience",
    type=click.FloatRange(0.1, 60),
    default=SECONDS,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option("--strict", is_flag=True, help="Exit status 1 also if a check proves nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(user: str | None, home: Path | None, *, strict: bool, as_json: bool, **given: Any) -> int:
    """Try to get out of this machine, and into the edge, as the agent's user.

    \b
    sudo safety doctor --as agent --home /var/lib/safety
    safety doctor                    as the agent's user itself

    Each check is blocked, open (with what it means and how to close it), or unknown: it proves nothing. All are tried
    at the same time, in a few seconds. What is sent are random bytes. As root it hands what it found to the running
    edge, whose heartbeats tell the hub.

    Exit status 1 if anything is open.
    """
    who, folder = _who(user), Home(home.absolute()) if home else Home.default()
    edge = find_edge(folder)
    aim = _aim(who, folder, edge, given)
    control = _control(given["compare_as"], edge, who)
    told, compared = _tried(aim, who, control)
    results = judged(told, compared)
    posture = Posture(int(clock.now()), who.uid, {check: results[check] for check in Check})
    notes = [*_notes(who, edge, control), *_report(folder, posture)]
    if nobody_left(compared):
        notes.append(f"nobody was answered from outside, {control.name if control else ''} neither: is the network up?")
    if as_json:
        click.echo(json.dumps(_as_json(posture, told, notes)))
    else:
        show(posture, told, notes, Console())
    bad = posture.named(Result.OPEN) or (strict and posture.named(Result.UNKNOWN))
    return 1 if bad else 0


def _who(user: str | None) -> Person:
    """Return as whom to try. Raises InputError where that says nothing, or may not be done."""
    mine = os.geteuid()
    if user is None:
        if mine == 0:
            raise InputError("--as", "is not given", "name the agent's user: to root, everything is open")
        return person(str(mine))
    who = person(user)
    if mine not in {0, who.uid}:
        raise InputError(f"--as {user}", "is another user, and only root may become one", "run it with sudo")
    return who


def _aim(who: Person, home: Home, edge: Edge, given: dict[str, Any]) -> Aim:
    expected = [port(text) for text in given["loopback"]]
    if 0 in expected:
        raise InputError("--loopback", "is no port", "give a number from 1 to 65535")
    resolvers: tuple[str, ...] = given["resolvers"]
    if not resolvers:
        with suppress(OSError):
            resolvers = local_resolvers(_RESOLV.read_text())
    try:
        agent_home = Path(pwd.getpwuid(who.uid).pw_dir)
    except KeyError:
        agent_home = Path("/nonexistent")
    return Aim(
        hosts=hosts(given["targets"]),
        resolvers=resolvers,
        socket=home.socket,
        files=(home.vault, home.vault_key, home.edge_key, home.edge_db, home.audit),
        egress=(EGRESS[0], edge.egress or EGRESS[1]),
        agent_home=agent_home,
        domain=given["domain"],
        metadata=tuple(given["metadata"]),
        resolved=RESOLVED,
        pids=edge.pids,
        expected=frozenset([*expected, *edge.ports]),
        seconds=given["patience"],
        sudo=powers.sudo(who.name if os.geteuid() == 0 else None),
    )


def _control(named: str | None, edge: Edge, who: Person) -> Person | None:
    """Return who may leave; None where that is nobody else, or where we cannot become them."""
    if os.geteuid() != 0:
        return None
    if named is not None:
        return person(named)
    return None if edge.owner is None or edge.owner == who.uid else person(str(edge.owner))


def _tried(aim: Aim, who: Person, control: Person | None) -> tuple[dict[Check, Trial], dict[Check, Trial]]:
    """Return what came of the agent's tries, and of those to compare with."""
    as_agent = who if os.geteuid() == 0 else None
    children: dict[str, Any] = {AGENT: (as_agent, TRIES)}
    if control is not None:
        children[CONTROL] = (control, OUTWARD_TRIES)
    found: dict[str, dict[Check, Trial]] = {AGENT: {}, CONTROL: {}}
    total = sum(len(tries) for _, tries in children.values())
    with click.progressbar(length=total, label="trying", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        told: Told
        for told in trials(aim, children):
            found[told.who][told.check] = told.trial
            bar.update(1)
    return found[AGENT], found[CONTROL]


def _notes(who: Person, edge: Edge, control: Person | None) -> list[str]:
    notes = []
    if edge.trouble:
        notes.append(f"the edge could not be asked ({edge.trouble}); is --home its folder?")
    if edge.owner == who.uid:
        notes.append("edge and agent are the same user: they cannot be told apart. Give the agent a user of its own")
    if control is None:
        notes.append("there is nobody to compare with: where no answer came, that may be the host's fault")
    return notes


def _report(home: Home, posture: Posture) -> list[str]:
    """Hand the posture to the edge, and return what has to be said about that."""
    if os.geteuid() != 0:
        return ["not handed to the edge: only root does that, since an agent could say what it likes"]
    try:
        ask_edge(home.socket, "POST", "/v1/posture", posture.to_json())
    except UnavailableError as error:
        return [f"not handed to the edge ({error.thing}: {error.reason})"]
    return []


def _as_json(posture: Posture, told: dict[Check, Trial], notes: list[str]) -> dict[str, Json]:
    checks: list[Json] = []
    for check, result in posture.results.items():
        words = WORDS[check]
        entry: dict[str, Json] = {
            "check": check.value,
            "result": result.value,
            "tried": words.tried,
            "detail": told[check].detail,
        }
        checks.append(entry | ({"means": words.means, "fix": words.fix} if result is Result.OPEN else {}))
    return {"at": posture.at, "uid": posture.uid, "checks": checks, "notes": [*notes]}
