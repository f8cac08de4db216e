"""`safety blueprint`: what there is, what would become of it, and running it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click
from rich.console import Console

from safety_core.blueprint.blanks import checked, filled_in
from safety_core.blueprint.profile import plan_of
from safety_core.blueprint.run import Act, ActState, Run, RunState, cancelled, decided, resumed
from safety_core.blueprint.stored import run_to_json
from safety_core.canonical import Json
from safety_core.cli.blueprint.edge import Edge
from safety_core.cli.blueprint.runner import Runner
from safety_core.cli.blueprint.shown import show_act, show_acts, show_list, show_plan, show_run, show_runs
from safety_core.cli.edge_socket import socket_option
from safety_core.cli.home import home_option
from safety_core.edge import clock
from safety_core.edge.home import Home
from safety_core.edge.runs import RunStore
from safety_core.errors import InputError
from safety_core.model.blueprint import Blueprint

F = TypeVar("F", bound=Callable[..., Any])

AGENT: Final = "main"

input_option = click.option(
    "--input", "given", multiple=True, metavar="NAME=VALUE", help="Fill in one blank; repeat it."
)
agent_option = click.option("--agent", default=AGENT, show_default=True, help="For whom its calls are judged.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="How long to wait for people's answers.",
)


say_option = click.option(
    "--say",
    "said",
    multiple=True,
    metavar="ACT=WORD",
    help="What became of an act, of which nobody knows: again (do it once more), done, or skip.",
)

WORDS: Final = {"again": ActState.BEGUN, "done": ActState.DONE, "skip": ActState.LEFT}


@dataclass(frozen=True, slots=True)
class Place:
    """Which edge runs the calls, and where runs are kept."""

    edge: Edge
    runs: Path


def place_options(command: F) -> F:
    """Add --socket and --home, which become the `place`."""

    @wraps(command)
    def placed(*args: Any, path: Path | None, home: Home, **kwargs: Any) -> Any:
        return command(*args, place=Place(Edge(path or home.socket), home.runs), **kwargs)

    text = "The edge's control socket.  [default: edge.sock in the edge's folder]"
    option = click.option("--socket", "path", type=click.Path(path_type=Path), help=text)
    return cast(F, option(home_option(placed)))


@click.group(short_help="Run workflows that are part of the signed policy.")
def blueprint() -> None:
    """Run workflows that the security team has written down and signed.

    Every step is a call like any other: judged, asked about, recorded. A run that was killed goes on where it was.
    """


@blueprint.command("list")
@socket_option
@json_option
def list_(path: Path, as_json: bool) -> None:
    """List the blueprints of the policy in force."""
    found, covered = Edge(path).blueprints()
    if as_json:
        for entry in found.values():
            click.echo(json.dumps(entry.source))
    elif not found:
        click.echo("the policy in force has no blueprints", err=True)
    else:
        show_list(found, covered, Console())


@blueprint.command("plan")
@click.argument("name")
@input_option
@agent_option
@socket_option
@json_option
def plan_(name: str, given: tuple[str, ...], agent: str, path: Path, as_json: bool) -> int:
    """Show what would become of each step, before any of them runs. Nothing is done, and nobody is asked.

    Exit status 1 if policy refuses the plan.
    """
    edge = Edge(path)
    run = _new(edge, name, given, agent)
    answer = edge.plan(plan_of(run, dry=True))
    if as_json:
        click.echo(json.dumps({"blueprint": name, **answer}))
    else:
        show_plan(run.blueprint, answer, Console())
    return 1 if answer.get("state") == "refused" else 0


@blueprint.command("run")
@click.argument("name")
@input_option
@agent_option
@wait_option
@click.option("--one-by-one", is_flag=True, help="Do not ask about the plan as a whole: each step asks by itself.")
@place_options
@json_option
def run_(
    name: str, given: tuple[str, ...], agent: str, wait: float, one_by_one: bool, place: Place, as_json: bool
) -> int:
    """Run a blueprint, as far as it goes by itself.

    Exit status 0 if it is done, 1 if it stands still, was refused or was taken back.
    """
    run = _new(place.edge, name, given, agent)
    with RunStore.opened(place.runs) as store:
        store.add(run)
        told = _Told(as_json=as_json)
        told.begins(run)
        return told.ends(Runner(store, place.edge, told, wait=wait).go(run, one_by_one=one_by_one))


@blueprint.command()
@click.argument("run")
@say_option
@wait_option
@click.option("--one-by-one", is_flag=True, help="Do not wait for an answer to the plan: each step asks by itself.")
@place_options
@json_option
def resume(run: str, said: tuple[str, ...], wait: float, one_by_one: bool, place: Place, as_json: bool) -> int:
    """Go on with a run that stood still, or was killed.

    RUN is its id, or the first digits of it. Of an act of which nobody knows whether it came about, somebody looks, and
    says so by --say.
    """
    with RunStore.opened(place.runs) as store:
        found = resumed(_said(store.get(run), said))
        if not found.back:
            _same(place.edge, found)
        told = _Told(as_json=as_json)
        return told.ends(Runner(store, place.edge, told, wait=wait).go(found, one_by_one=one_by_one))


@blueprint.command()
@click.argument("run")
@say_option
@wait_option
@place_options
@json_option
def cancel(run: str, said: tuple[str, ...], wait: float, place: Place, as_json: bool) -> int:
    """End a run, and take back what its blueprint can. The last act is taken back first.

    Exit status 0 once it is over.
    """
    with RunStore.opened(place.runs) as store:
        found = cancelled(_said(store.get(run), said))
        store.save(found)
        told = _Told(as_json=as_json)
        ended = Runner(store, place.edge, told, wait=wait).go(found)
        told.ends(ended)
        return 0 if ended.over else 1


@blueprint.command()
@click.argument("run", required=False)
@home_option
@json_option
def status(run: str | None, home: Home, as_json: bool) -> None:
    """Show the last runs, or with an id what each act came to."""
    with RunStore.opened(home.runs) as store:
        if run is None:
            runs = store.latest()
            if not as_json:
                show_runs(runs, clock.now(), Console())
            for listed in runs if as_json else ():
                click.echo(json.dumps({"run": listed.id, "blueprint": listed.blueprint, "state": listed.state}))
            return
        found = store.get(run)
    if as_json:
        click.echo(json.dumps(run_to_json(found)))
        return
    console = Console()
    show_acts(found, console)
    show_run(found, console)


class _Told:
    """Tells of a run as it goes."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._console = Console(stderr=False)

    def begins(self, run: Run) -> None:
        """Tell its id, before anything is done: by that it can be resumed."""
        if self._json:
            click.echo(json.dumps({"run": run.id, "state": run.state}))
        else:
            self._console.print(f"{run.blueprint.title}: run {run.id[:12]}")

    def __call__(self, run: Run, act: Act | None) -> None:
        """Tell of one move."""
        if act is None:
            return
        if self._json:
            click.echo(json.dumps({"act": act.name, "state": act.state, "reason": act.reason}))
        else:
            show_act(run, act, self._console)

    def ends(self, run: Run) -> int:
        """Tell how it stands, and return the exit status."""
        if self._json:
            acts: dict[str, Json] = {act.name: act.state.value for act in run.acts.values()}
            ended: dict[str, Json] = {"run": run.id, "state": run.state.value, "why": run.why, "acts": acts}
            approval = run.plan.get("approval") if run.state is RunState.ASKING else _asked(run)
            click.echo(json.dumps({**ended, "approval": approval}))
        else:
            show_run(run, self._console)
        return 0 if run.state is RunState.DONE else 1


def _asked(run: Run) -> Json:
    return next((act.approval for act in run.acts.values() if act.state is ActState.WAITING), None)


def _new(edge: Edge, name: str, given: tuple[str, ...], agent: str) -> Run:
    found, _ = edge.blueprints()
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise InputError(f"blueprint {name[:40]!a}", "is not one of the policy in force", f"there are: {known}")
    values = filled_in(found[name], _filled(found[name], given))
    return Run(clock.new_id(), found[name], agent, values, date.fromtimestamp(clock.now()).isoformat())


def _filled(blueprint: Blueprint, given: tuple[str, ...]) -> dict[str, str]:
    """Return the blanks as they were given; at a terminal, people are asked for those that are missing."""
    values: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name in values:
            raise InputError("--input", "must be NAME=VALUE, once for each name")
        values[name] = value
    for blank in blueprint.inputs if sys.stdin.isatty() else ():
        if blank.name not in values and blank.default is None:
            values[blank.name] = click.prompt(blank.question, err=True)
            checked(blank, values[blank.name])
    return values


def _said(run: Run, said: tuple[str, ...]) -> Run:
    for pair in said:
        name, _, word = pair.partition("=")
        if word not in WORDS:
            raise InputError(f"--say {name[:40]}", "must be ACT=again, ACT=done or ACT=skip")
        run = decided(run, name, WORDS[word])
    return run


def _same(edge: Edge, run: Run) -> None:
    """Refuse to go on with a blueprint that the security team has changed meanwhile."""
    found, _ = edge.blueprints()
    now = found.get(run.blueprint.id)
    if now is None or now.source != run.blueprint.source:
        raise InputError(
            f"blueprint {run.blueprint.id}",
            "is not in the policy in force as it was when the run began",
            f"safety blueprint cancel {run.id[:12]}, then run it anew",
        )
