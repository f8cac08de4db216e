"""`safety top`: what is going on at this machine's edge, live."""

from __future__ import annotations

import json
import os
import select
import sys
import termios
import tty
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge, socket_option
from safety_core.errors import UnavailableError
from safety_core.model.budget import ALERT_AT
from safety_core.wire.reader import Reader
from safety_core.wire.usage_report import MOST

SECONDS: Final = 1.0
"""Between two looks."""


@click.command(short_help="Watch what is going on at this machine's edge.")
@click.option("--once", is_flag=True, help="Show it once, and end.")
@click.option("--json", "as_json", is_flag=True, help="Print the edge's answer once, as one JSON object.")
@socket_option
def top(once: bool, as_json: bool, path: Path) -> None:
    """Watch requests, tokens, what is under way, what was taken out, who waits for an answer, and how long all takes.

    Once a second; q or Ctrl-C ends it. Without a terminal it is shown once.
    """
    if as_json:
        click.echo(json.dumps(ask(path)))
    elif once or not (sys.stdin.isatty() and sys.stdout.isatty()):
        Console().print(view(ask(path)))
    else:
        watch(path)


def ask(path: Path) -> JsonObject:
    """Return what is going on. Raises UnavailableError."""
    return ask_edge(path, "GET", "/v1/top")


def watch(path: Path) -> None:
    """Show it until somebody presses q. Raises UnavailableError: the edge does not run when it is begun."""
    shown = view(ask(path))
    try:
        with _keys(), Live(shown, screen=True, auto_refresh=False) as live:
            while not _pressed(SECONDS):
                try:
                    shown = view(ask(path))
                except UnavailableError as error:
                    shown = Group(Text(str(error), style="red"), shown)
                live.update(shown, refresh=True)
    except KeyboardInterrupt:
        return


@contextmanager
def _keys() -> Generator[None, None, None]:
    """Let keys be read one by one until the block ends."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _pressed(seconds: float) -> bool:
    """Wait for a key that ends it; the end of input does too."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return False
    return os.read(sys.stdin.fileno(), 1) in {b"q", b"Q", b""}


def view(answer: JsonObject) -> Group:
    """Return it as tables. Raises InputError: the edge is of another version."""
    body = Reader(answer, "top")
    return Group(_now(body), _latency(body.object("latency")), *_running(body), *_budgets(body))


def _now(body: Reader) -> Table:
    minute = {name: body.object("minute").integer(name, maximum=MOST) for name in ("requests", *COUNTED)}
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_row("requests", f"{minute['requests'] / 60:.1f}/s", f"{body.integer('running_count'):,} under way")
    facts.add_row("tokens", f"{minute['input']:,} in", f"{minute['output']:,} out, in the last minute")
    facts.add_row("redactions", f"{minute['redactions']:,}", f"{body.integer('redactions', maximum=MOST):,} in all")
    refusals = body.object("refusals")
    rules = ", ".join(f"{rule} {refusals.integer(rule, maximum=MOST):,}" for rule in sorted(refusals.keys()))
    facts.add_row("refused", f"{minute['refused']:,}", Text(rules or "none in all"))
    asks = body.integer("approvals_pending")
    facts.add_row("asks", Text(f"{asks:,}", style="yellow" if asks else ""), "wait for a person")
    prefixes = body.object("prefixes")
    broken, ours = prefixes.integer("broken"), prefixes.integer("by_redaction")
    facts.add_row("prefixes", f"{broken:,}", f"broke, {ours:,} by redaction")
    return facts


COUNTED: Final = ("input", "output", "redactions", "refused")


def _latency(latency: Reader) -> Table:
    table = Table("ms", "p50", "p99", title="the last exchanges", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, what in (("added", "ours"), ("waited", "provider and client"), ("request", "together")):
        ranks = latency.object(name)
        table.add_row(what, *(_ms(ranks, rank) for rank in ("p50", "p99")))
    return table


def _ms(ranks: Reader, rank: str) -> str:
    if not ranks.has(rank):
        return "-"
    seconds = ranks.number(rank)
    return f"{seconds * 1e3:,.2f}" if seconds < 1 else f"{seconds * 1e3:,.0f}"


def _running(body: Reader) -> list[Table]:
    """Return a table of what is under way, if anything is."""
    table = Table("agent", "provider", "model", "seconds", title="under way, the oldest first", title_justify="left")
    table.columns[3].justify = "right"
    for one in body.objects("running"):
        names = (Text(one.text(name)) for name in ("agent", "provider", "model"))
        table.add_row(*names, f"{one.number('seconds'):,.1f}")
    return [table] if table.row_count else []


def _budgets(body: Reader) -> list[Table]:
    """Return a table of the budgets that are near their end, if there are any."""
    table = Table("agent", "budget", "used", title="near their end", title_justify="left")
    for budget in body.objects("budgets"):
        percent = budget.integer("percent", maximum=MOST)
        if percent >= ALERT_AT:
            agent = budget.text("agent") if budget.has("agent") else "all together"
            used = Text(f"{percent} %", style="red" if percent >= 100 else "yellow")
            table.add_row(Text(agent), Text(budget.text("budget")), used)
    return [table] if table.row_count else []
