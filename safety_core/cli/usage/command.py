"""`safety usage`: without a command, recorded responses -> their tokens; with one, what the edge has counted."""

from __future__ import annotations

import sys

import click

from safety_core.cli.usage.reconcile import reconcile
from safety_core.cli.usage.recorded import recorded
from safety_core.cli.usage.report import report


@click.group(invoke_without_command=True, short_help="Show what models consumed, and cost.")
@click.pass_context
def usage(ctx: click.Context) -> None:
    """Show what models consumed, and what that cost.

    \b
    safety usage report                what the edge has counted, as a table
    safety usage reconcile FILE.csv    the same against a provider's own export

    Without a command: read responses as JSON Lines, write their usage as JSON Lines, one answer per line, in order.

    \b
    in   {"id", "body", "api"?, "provider"?, "stream"?, "format"?,
          "content_type"?}
    out  {"id", "input_total", "output_total", "cache_read", "cache_write",
          "cache_write_1h", "reasoning", "tool_prompt", "stated", "error"?}

    `body` is the raw response: JSON, server-sent events, JSON Lines, an array of events, or base64 of an AWS event
    stream. The input total includes cached tokens; the output total includes reasoning. "stated" is false where the
    response holds no counts; "error" says why a line was no question.
    """
    if ctx.invoked_subcommand is not None:
        return
    if sys.stdin.isatty():
        click.echo(ctx.get_help())
        return
    recorded(sys.stdin.buffer)


usage.add_command(report)
usage.add_command(reconcile)
