"""`safety status`: asks the running edge what is in force, and shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge, socket_option
from safety_core.edge import clock
from safety_core.model.budget import ALERT_AT
from safety_core.model.terms import day
from safety_core.model.usage import dollars
from safety_core.wire.halts import EVERY
from safety_core.wire.posture import Result, posture_from_json, told
from safety_core.wire.reader import BODY_LIMIT, Reader

GOOD: Final = {"in force", "on", "ok", "present", "enforce"}

CALLS: Final = {
    "changed": "calls reported otherwise than proposed",
    "unforeseen": "calls that no model proposed",
    "unreported": "calls proposed and never reported",
}
"""What there should be none of; the plugin may have been passed by, or a run was stopped."""

MIB: Final = 1024 * 1024


@click.command(short_help="Show what is in force at this machine's edge.")
@socket_option
@click.option("--json", "as_json", is_flag=True, help="Print the edge's answer as one JSON object.")
def status(path: Path, as_json: bool) -> int:
    """Show what is in force: policy, the four layers, approvals, hub and audit log.

    Exit status 0 if a trusted policy is in force, 1 if every call is refused or the edge does not run.
    """
    return tell(ask(path), as_json=as_json)


def tell(answer: JsonObject, *, as_json: bool) -> int:
    """Print what the edge says is in force; return 0 if a trusted policy is, else 1."""
    if as_json:
        click.echo(json.dumps(answer))
    else:
        show(answer, Console())
    return 0 if Reader(answer, "status").object("policy").text("state") == "in force" else 1


def ask(path: Path) -> JsonObject:
    """Return what is in force at the edge behind this socket. Raises UnavailableError."""
    return ask_edge(path, "GET", "/v1/status")


def show(answer: JsonObject, console: Console) -> None:
    """Print the answer as tables."""
    body = Reader(answer, "status")
    policy, approvals, hub = body.object("policy"), body.object("approvals"), body.object("hub")
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("tenant", Text(body.text("tenant")))
    facts.add_row("policy", _state(policy.text("state"), policy.text("detail", limit=BODY_LIMIT)))
    facts.add_row(
        "approvals", f"{approvals.integer('pending')} pending, {approvals.integer('unsent')} not yet at the hub"
    )
    if unknown := body.object("executions").integer("unknown"):
        told = f"{unknown} were cut off, nobody knows whether they came about: safety executions list --unknown"
        facts.add_row("executions", Text(told, style="yellow"))
    facts.add_row("audit", _audit(body.object("audit")))
    facts.add_row("secrets", f"{body.integer('secrets')} known")
    _vault(body, facts)
    facts.add_row("hub", Text(hub.text("url") or "none"))
    for task in body.objects("tasks"):
        done = f"last done {_ago(task.number('last_done'))}" if task.has("last_done") else "not done yet"
        facts.add_row(
            "  " + task.text("task"),
            _state("ok" if task.flag("ok") else "fails", task.text("trouble", "") or done),
        )
    if body.has("egress"):
        _reached(body.object("egress"), facts)
    for plugin in body.objects("plugins"):
        facts.add_row("plugin", _plugin(plugin))
    interlock = body.object("interlock")
    facts.add_row("interlock", _state(interlock.text("mode"), _seen(interlock)))
    facts.add_row("containment", _contained(body))
    if body.has("forward"):
        facts.add_row("forward proxy", _forwarded(body.object("forward")))
    if body.has("commands"):
        facts.add_row("commands", _confined(body.object("commands")))
    for budget in body.objects("budgets") if body.has("budgets") else ():
        facts.add_row("budget", _budget(budget))
    for prefix in interlock.objects("prefixes") if interlock.has("prefixes") else ():
        if broken := prefix.integer("broken", 0):
            ours = prefix.integer("by_redaction", 0)
            told = f"the prompt prefix of {prefix.text('agent')} broke {broken} times, {ours} by redaction; last: "
            told += prefix.text("last")
            facts.add_row("cache", Text(told, style="yellow"))
    for halted in body.objects("halted"):
        who = "every agent" if halted.text("agent") == EVERY else halted.text("agent")
        told = f"{who}, {_ago(halted.number('since'))}: {halted.text('reason') or '-'}"
        facts.add_row("halted", Text(told, style="red"))
    console.print(facts)
    layers = Table("layer", "state", "in detail")
    for layer in body.objects("layers"):
        layers.add_row(
            layer.text("layer"), _state(layer.text("state"), ""), Text(layer.text("detail", limit=BODY_LIMIT))
        )
    console.print(layers)


def _audit(audit: Reader) -> Text:
    """Return how long the log is, and whether all of it held when the edge read it through last."""
    told = f"{audit.integer('entries')} entries"
    if not audit.has("read"):
        return Text(f"{told}, not read through yet")
    read = audit.object("read")
    if damage := read.texts("damage"):
        return Text(f"{told}, which do not hold: {damage[0]}. See `safety audit verify`", style="red")
    return Text(f"{told}, which held {_ago(read.number('at'))}")


def _vault(body: Reader, facts: Table) -> None:
    """Add a line for each canary that was seen, and for each secret whose end is near or past."""
    for seen in body.objects("canaries") if body.has("canaries") else ():
        told = f"the canary {seen.text('name')} was seen {seen.integer('times')} times, "
        told += f"last {_ago(seen.number('last'))}"
        facts.add_row("alarm", Text(told, style="red"))
    now = clock.now()
    for ending in body.objects("ending") if body.has("ending") else ():
        at, over = ending.number("expires"), now >= ending.number("expires")
        told = f"{ending.text('name')} {'expired' if over else 'expires'} on {day(at)}: safety secret rotate"
        facts.add_row("expiry", Text(told, style="red" if over else "yellow"))


def _reached(egress: Reader, facts: Table) -> None:
    """Add a line for each provider, and one for who may ask them."""
    for provider in egress.objects("providers"):
        key = provider.text("key")
        with_key = f", with {key}" if key else ", without a key"
        missing = key and provider.flag("missing", default=False)
        shown = Text(f"{provider.text('provider')}: {provider.text('to')}{with_key}")
        facts.add_row("model provider", shown.append(f": safety secret set {key}", style="red") if missing else shown)
    if clients := egress.texts("clients"):
        facts.add_row("clients", Text(", ".join(clients)))


def _plugin(plugin: Reader) -> Text:
    """Return one line: who is guarded, how that stands, and what the plugin has done."""
    told = [f"guards {plugin.text('agent')}"]
    if plugin.has("plugin"):
        told[0] = f"{plugin.text('plugin')} {plugin.text('version')} {told[0]}"
        told.append(f"{plugin.number('memory') / MIB:.1f} MiB")
        fired = plugin.object("fired")
        told.append(f"{sum(fired.integer(hook) for hook in fired.keys())} hooks fired")  # noqa: SIM118
    if reason := plugin.text("reason", limit=BODY_LIMIT):
        told.append(reason)
    return _state(plugin.text("state"), ", ".join(told))


def _budget(budget: Reader) -> Text:
    """Return one line: whose limit it is, and how much of it has been spent."""
    name, percent = budget.text("budget"), budget.integer("percent")
    spent, most = budget.integer("spent"), budget.integer("limit")
    used = f"{dollars(spent)} of {dollars(most)} dollars" if name.startswith("usd") else f"{spent} of {most} tokens"
    who = budget.text("agent") if budget.has("agent") else "all agents together"
    style = "red" if spent >= most else "yellow" if percent >= ALERT_AT else "green"
    return Text(f"{who}, {name}: {used} ({percent}%)", style=style)


def _forwarded(forward: Reader) -> Text:
    """Return one line: what the forward proxy let through, what it refused, and why the last of that."""
    told = [f"{forward.integer(name)} {name}" for name in ("allowed", "refused", "open")]
    last = forward.text("last", "", limit=BODY_LIMIT)
    return _state("on", ", ".join(told) + (f"; last refused: {last}" if last else ""))


def _confined(commands: Reader) -> Text:
    """Return one line: whether agents' commands are confined, by what, and what does not hold on this machine."""
    mode = commands.text("confine")
    lacking = commands.texts("lacking")
    told = [f"held by {commands.text('held')}"] if mode == "enforce" else ["they may do what the edge's user may"]
    return _state(mode, "; ".join([*told, *(f"without {words}" for words in lacking)]))


def _contained(body: Reader) -> Text:
    """Return one line: what the doctor found, and when."""
    if not body.has("posture"):
        return _state("unknown", "never tried; run `safety doctor`")
    posture = posture_from_json(body.object("posture"))
    now = clock.now()
    bad = bool(posture.named(Result.OPEN))
    return Text(told(posture, now), style="red" if bad else "yellow" if posture.stale(now) else "green")


def _seen(interlock: Reader) -> str:
    guarded = ", ".join(interlock.texts("guarded")) or "nobody"
    counts = [(interlock.integer(name), name) for name in ("refused", "observed")]
    told = [f"guards {guarded}", *(f"{count} {name}" for count, name in counts if count)]
    if differences := interlock.integer("usage_differences"):
        told.append(f"{differences} times a host counted other tokens")
    calls = interlock.object("calls")
    told += [f"{words}: {count}" for name, words in CALLS.items() if (count := calls.integer(name))]
    if last := interlock.text("last", limit=BODY_LIMIT):
        told.append(f"last: {last}")
    return "; ".join(told)


def _state(state: str, detail: str) -> Text:
    colour = "green" if state in GOOD else "yellow" if state == "unknown" else "red"
    return Text.assemble((state, colour), f"  {detail}" if detail else "")


def _ago(at: float) -> str:
    seconds = max(0.0, clock.now() - at)
    return f"{seconds:.0f} s ago" if seconds < 120 else f"{seconds / 60:.0f} min ago"
