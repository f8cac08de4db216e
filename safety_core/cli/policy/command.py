"""The group of `safety policy`, its commands loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import Final

import click

from safety_core.errors import PolicyError, UnavailableError, UnprovenError

COMMANDS: Final = (
    "new", "check", "test", "explain", "diff", "replay", "coverage", "golden",
    "build", "sign", "keys", "root", "publish", "release", "renew", "rollback", "shadow", "propose", "prices",
)  # fmt: skip
"""Each is a module of this package that holds a command of the same name; in the order in which they are used."""


class PolicyCommands(click.Group):
    """Loads only the command that is asked for: `safety policy new` does not pay for a policy engine."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which an author meets them."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command, or return None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        found = getattr(importlib.import_module(f"safety_core.cli.policy.{cmd_name}"), cmd_name)
        if not isinstance(found, click.Command):
            raise TypeError(f"{cmd_name} is not a click command")
        return found

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what the engine says against a rule is told with the rule's file and line."""
        try:
            return super().invoke(ctx)
        except (UnavailableError, UnprovenError, PolicyError) as error:
            from safety_core.cli.policy.told import rego_error  # late: only where there is something to tell

            raise rego_error(error) from error


@click.group(cls=PolicyCommands)
def policy() -> None:
    """Write, check, explain, compare, sign and publish policy.

    \b
    write     safety policy new rule deletes_backups --policies policies
              safety policy check --policies policies
              safety policy test --policies policies
    look      safety policy explain --command 'rm -rf build'
              safety policy coverage --policies policies
    compare   safety policy diff old.tar.gz policies
              safety policy replay calls.jsonl --policies policies
    ship      safety policy keys KEYS                   once
              safety policy build --tenant T -o bundle.tar.gz
              safety policy sign bundle.tar.gz --keys KEYS
              safety policy publish bundle.tar.gz --keys KEYS --repository DIR
              safety policy release NAME ...        many tenants, in waves
              safety policy renew ...               twice a day
              safety policy root --keys KEYS        once a year
              safety policy rollback --to REVISION ...
    learn     safety policy shadow report               what a candidate says
              safety policy propose                     from approvals

    Without --policies a command goes by the base policy that is shipped. policies/README.md is the guide.
    """
