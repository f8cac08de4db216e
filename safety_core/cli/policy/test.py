"""`safety policy test`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from safety_core.cli.policy.seam import compiled, policies_option, sources_of
from safety_core.cli.policy.told import test_error
from safety_core.edge.policy_tests import run_tests


@click.command(short_help="Run the tests beside the rules.")
@policies_option
def test(policies: Path | None) -> int:
    """Run the tests that stand beside the rules, rules/<id>/<id>_test.rego. Exit status 1 if one fails.

    Every `test_...` must be true. Which clauses of a rule no test reaches, `safety policy coverage` shows.
    """
    sources = sources_of(policies)
    _, bundle = compiled(sources)
    outcomes = asyncio.run(run_tests(bundle, sources))
    failed = [outcome for outcome in outcomes if outcome.trouble]
    for outcome in failed:
        click.echo(test_error(outcome, bundle, sources))
    click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} tests passed")
    return 1 if failed else 0
