"""Plans and runs, as a person looks at them in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.blueprint.run import BACK, Act, ActState, Run, RunState
from safety_core.canonical import Json, JsonObject
from safety_core.edge.runs import Listed
from safety_core.model.blueprint import Blueprint
from safety_core.wire.names import plain
from safety_core.wire.reader import BODY_LIMIT, Reader

_LEVELS: Final = {
    "green": "green",
    "yellow": "yellow",
    "yellow_external": "dark_orange",
    "red": "red",
    "critical_red": "bold red",
}
_ANSWERS: Final = {
    "needs no answer": "green",
    "this answer": "cyan",
    "asks by itself": "yellow",
    "known later": "blue",
    "denied": "bold red",
    "cannot run": "bold red",
}
_SAID: Final = {
    "needs no answer": "runs without asking",
    "this answer": "one yes to the plan",
    "asks by itself": "asks by itself",
    "known later": "judged when it comes",
}
_ACTS: Final = {
    ActState.BEGUN: ("…", "blue"),
    ActState.WAITING: ("?", "yellow"),
    ActState.DONE: ("✓", "green"),
    ActState.UNMET: ("!", "red"),
    ActState.FAILED: ("✗", "red"),
    ActState.UNCERTAIN: ("?", "bold red"),
    ActState.LEFT: ("-", "dim"),
}
_RUNS: Final = {
    RunState.DONE: "green",
    RunState.RUNNING: "blue",
    RunState.UNDONE: "yellow",
    RunState.WAITING: "yellow",
    RunState.ASKING: "yellow",
    RunState.PAUSED: "yellow",
}
_WIDE: Final = 100


def line(text: str, limit: int = 300) -> str:
    """Return text of others as one line that no terminal obeys."""
    return plain(text, limit)


def show_list(found: Mapping[str, Blueprint], covered: JsonObject | None, console: Console) -> None:
    """Print the blueprints that there are."""
    table = Table("name", "what it does", "asks for", "steps")
    for blueprint in found.values():
        asks = ", ".join(blank.name for blank in blueprint.inputs) or "nothing"
        table.add_row(blueprint.id, Text(f"{blueprint.title}. {blueprint.words}"), asks, str(len(blueprint.steps)))
    console.print(table)
    if covered is None:
        console.print("Each step asks by itself: the policy lets no answer cover a plan.")
    else:
        console.print(f"One answer may cover a plan up to {covered['up_to']}, for {covered['minutes']} minutes.")


def show_plan(blueprint: Blueprint, answer: JsonObject, console: Console) -> None:
    """Print what becomes of each step before any of them runs."""
    table = Table(
        "", "step", "what it does", "tool", "level", "what happens", title=blueprint.title, title_justify="left"
    )
    counts: dict[str, int] = {}
    number = 0
    for step in Reader(answer, "plan").objects("steps"):
        how = step.text("answer")
        counts[how] = counts.get(how, 0) + 1
        back = step.text("id").endswith(BACK)
        number += not back
        level = step.text("level", "?")
        does = Text(line(step.text("does")), style="dim" if back else "")
        for condition in _conditions(blueprint, step.text("id")):
            does.append(f"\n{condition}", style="dim")
        for who in step.texts("recipients", ()):
            does.append(f"\n→ {line(who)}", style="dark_orange")
        for amount in step.texts("amounts", ()):
            does.append(f"\n  {line(amount)}", style="red")
        happens = Text(_SAID.get(how, how), style=_ANSWERS.get(how, ""))
        if how in {"denied", "cannot run"}:
            happens.append(f"\n{line(step.text('reason', limit=BODY_LIMIT))}")
        name = Text("↩" if back else str(number), style="dim")
        table.add_row(
            name,
            line(step.text("id")),
            does,
            line(step.text("tool")),
            Text(level, style=_LEVELS.get(level, "")),
            happens,
        )
    console.print(table)
    told = [f"{count} {_SAID.get(how, how)}" for how, count in counts.items()]
    console.print(Text("; ".join(told)))
    if reason := str(answer.get("reason", "")):
        console.print(Text(f"The plan is refused: {line(reason)}", style="red"))


def show_act(run: Run, act: Act, console: Console) -> None:
    """Print one line about an act that has come to an end, or waits."""
    if act.state is ActState.BEGUN:
        return
    sign, style = _ACTS[act.state]
    words = next((step.words for step in run.blueprint.steps if step.id == act.step), "")
    back = "takes back: " if act.name.endswith(BACK) else ""
    text = Text.assemble((f"{sign} ", style), f"{act.name}  ", (f"{back}{words}", "dim"))
    if act.reason and act.state is not ActState.DONE:
        text.append(f"\n  {line(act.reason)}", style=style)
    console.print(text)


def show_run(run: Run, console: Console) -> None:
    """Print how a run stands, and what to do about it."""
    console.print(
        Text.assemble((run.state.value, _RUNS.get(run.state, "red")), f"  run {run.id[:12]}  {line(run.why)}")
    )
    for asked in _questions(run):
        code, identity = str(asked.get("code", "")), str(asked.get("id", ""))
        console.print(Text(f"  a person is asked: approval {identity}, code {code}", style="yellow"))
    if advice := _advice(run):
        console.print(Text(f"  {advice}", style="dim"))


def show_acts(run: Run, console: Console) -> None:
    """Print every act of a run with what it gave back."""
    for act in run.acts.values():
        show_act(run, act, console)
        if act.output is not None:
            console.print(Text(f"    {line(_short(act.output), _WIDE)}", style="dim"))


def show_runs(runs: tuple[Listed, ...], now: float, console: Console) -> None:
    """Print the last runs."""
    table = Table("run", "blueprint", "state", "last change")
    for run in runs:
        minutes = max(0.0, now - run.changed) / 60
        state = Text(run.state.value, style=_RUNS.get(run.state, "red"))
        table.add_row(run.id[:12], run.blueprint, state, f"{minutes:.0f} min ago")
    console.print(table)


def _conditions(blueprint: Blueprint, name: str) -> Iterator[str]:
    """Yield what decides whether, and how often, a step is done."""
    for step in blueprint.steps:
        if step.id != name:
            continue
        if step.pause:
            yield "pauses first: somebody looks"
        if step.for_each:
            yield f"for each of {step.for_each.strip('{}')}, {step.most} at most"
        if step.when is not None:
            yield f"only if {step.when.value.strip('{}')} {step.when.test.value.replace('_', ' ')} {step.when.than}"


def _questions(run: Run) -> list[JsonObject]:
    if run.state is RunState.ASKING:
        asked = run.plan.get("approval")
        return [asked] if isinstance(asked, dict) else []
    return [act.approval for act in run.acts.values() if act.state is ActState.WAITING and act.approval is not None]


def _advice(run: Run) -> str:
    short = run.id[:12]
    match run.state:
        case RunState.ASKING | RunState.WAITING:
            return f"when it is answered: safety blueprint resume {short}"
        case RunState.PAUSED:
            return f"to go on: safety blueprint resume {short}; to take it back: safety blueprint cancel {short}"
        case RunState.UNCERTAIN | RunState.STOPPED:
            act = next((act.name for act in run.acts.values() if act.state in _OPEN), "STEP")
            way = f"safety blueprint resume {short} --say {act}=again (or done, skip)"
            return f"look, then: {way}; to take it back: safety blueprint cancel {short}"
        case RunState.RUNNING:
            return f"to go on: safety blueprint resume {short}"
        case _:
            return ""


_OPEN: Final = frozenset({ActState.UNCERTAIN, ActState.UNMET, ActState.FAILED})


def _short(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
