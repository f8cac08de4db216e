"""`safety`: finds the command, runs it, and turns errors into exit statuses.

Exit status: 0 done, 1 findings or refusal where the command is a check, 2 bad usage or input, 3 internal.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

import click

from safety_core.errors import BundleError, InputError, PolicyError, SafetyError

COMMANDS: Final = {
    "agent": "safety_core.cli.agent:agent",
    "approvals": "safety_core.cli.approvals:approvals",
    "audit": "safety_core.cli.audit:audit",
    "backup": "safety_core.cli.backup:backup",
    "baseline": "safety_core.cli.baseline.command:baseline",
    "blueprint": "safety_core.cli.blueprint.command:blueprint",
    "classify": "safety_core.cli.classify:classify",
    "connection": "safety_core.cli.connection.command:connection",
    "contain": "safety_core.cli.contain.command:contain",
    "demo": "safety_core.cli.demo.command:demo",
    "doctor": "safety_core.cli.doctor.command:doctor",
    "executions": "safety_core.cli.executions:executions",
    "hook": "safety_core.cli.hook.command:hook",
    "mcp": "safety_core.cli.mcp.command:mcp",
    "openclaw": "safety_core.cli.openclaw.command:openclaw",
    "policy": "safety_core.cli.policy.command:policy",
    "scan": "safety_core.cli.scan.command:scan",
    "secret": "safety_core.cli.secret:secret",
    "status": "safety_core.cli.status:status",
    "tenant": "safety_core.cli.tenant:tenant",
    "top": "safety_core.cli.top:top",
    "usage": "safety_core.cli.usage.command:usage",
}
"""Loaded only when asked for, so that `safety scan` does not pay for a policy engine."""

OURS: Final = frozenset({"safety_core", "proxy", "hub", "demo_pool"})
"""Packages of the wheel itself: that one of them lacks is a bug."""


class Commands(click.Group):
    """The library's own commands, and those that installed services add."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*COMMANDS, *(entry.name for entry in entry_points(group="safety.commands"))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command, or return None where there is none of that name.

        A machine that is only an edge has none of the hub's packages. A command that lacks one is listed as such.
        """
        try:
            return _loaded(cmd_name)
        except ModuleNotFoundError as error:
            if _foreign(error):
                return _lacking(cmd_name, error)
            raise


def _loaded(cmd_name: str) -> click.Command | None:
    if cmd_name in COMMANDS:
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
    else:
        entry = next(iter(entry_points(group="safety.commands", name=cmd_name)), None)
        if entry is None:
            return None
        found = entry.load()
    if not isinstance(found, click.Command):
        raise TypeError(f"{cmd_name} is not a click command")
    return found


def _lacking(name: str, error: ModuleNotFoundError) -> click.Command:
    """Return a command that takes anything, and only says what it lacks."""

    def say(rest: tuple[str, ...]) -> None:
        raise error

    return click.Command(
        name,
        callback=say,
        params=[click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
        short_help=f"(not installed: needs {error.name})",
    )


def _foreign(error: ModuleNotFoundError) -> bool:
    """Is it somebody else's package that is missing?"""
    return bool(error.name) and str(error.name).partition(".")[0] not in OURS


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="safety-gateway")
def cli() -> None:
    """Stand between an AI agent and everything it can break or leak.

    \b
    tool call -> classify -> gate -> approve -> resolve -> execute -> redact
              -> audit
    prompt    -> redact -> egress -> meter

    Start with `safety demo`: the whole story on this machine, in under a minute, without a network.
    """


def main() -> None:
    """Run the command line and leave with the exit status that belongs to what happened."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status; errors are one line on stderr, never a traceback of ours."""
    try:
        result = cli.main(arguments, prog_name="safety", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("stopped", err=True)
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        from safety_core.cli.usage_error import usage_error

        click.echo(f"error: {usage_error(error)}", err=True)
        return 2
    except (InputError, PolicyError, BundleError) as error:
        click.echo(f"error: {error}", err=True)
        return 2
    except SafetyError as error:
        click.echo(f"error: {error}", err=True)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        click.echo(f"error: {error.filename or 'input/output'}: {error.strerror}", err=True)
        return 2
    except ModuleNotFoundError as error:
        return _not_installed(error) if _foreign(error) else _internal(error)
    except Exception as error:  # noqa: BLE001 - a bug of ours: its text may quote what it was working on
        return _internal(error)
    return result if isinstance(result, int) else 0


def _not_installed(error: ModuleNotFoundError) -> int:
    fix = "install what requirements/edge.lock or requirements/hub.lock names"
    click.echo(f"error: the package {error.name}: is not installed, and this command needs it. Fix: {fix}", err=True)
    return 1


def _internal(error: Exception) -> int:
    click.echo(f"error: safety: internal error, {_place(error)}. Fix: report it, with this line", err=True)
    return 3


def _place(error: Exception) -> str:
    """Return the class of an error, and where in the code it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
