"""The group: check, rules, explain."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from safety_core.baseline.checker import Checker
from safety_core.cli.baseline.known import DEFAULT as KNOWN
from safety_core.cli.baseline.known import known_text, read_known
from safety_core.cli.baseline.rulebook import DEFAULT as RULES
from safety_core.cli.baseline.rulebook import rule_book
from safety_core.cli.baseline.run import Run
from safety_core.cli.baseline.words import explained, listed
from safety_core.cli.chosen_policy import bundle_option, chosen_policy, policies_option
from safety_core.cli.scan.allow import AllowList
from safety_core.cli.scan.detectors import redactor_of
from safety_core.cli.scan.tell import FORMATS, tell, width
from safety_core.errors import InputError

_FORMS: Final = [form for form in FORMATS if form != "fingerprints"]
_HERE: Final = Path()

_rules_option = click.option(
    "--rules",
    "rules_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"The rule file.  [default: {RULES} in the repository, where it is there]",
)


@click.group(short_help="Check a repository for what should not be in it any more.")
def baseline() -> None:
    """Check a repository for what should not be in it any more, in any CI.

    Forbidden references, deprecated deploy paths, and credentials that are written into the files of jobs.
    """


@baseline.command("check", short_help="Check a repository.")
@_rules_option
@click.option(
    "--baseline",
    "known_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Findings that are known.  [default: {KNOWN} in the repository, where it is there]",
)
@click.option("--write-baseline", "write", is_flag=True, help="Write all findings into that file, and pass.")
@click.option("--format", "form", type=click.Choice(_FORMS), default="text", show_default=True, help="How to report.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report into this file.")
@click.option(
    "--exclude", "excluded", multiple=True, metavar="GLOB", help="Leave these out; may be given more than once."
)
@bundle_option
@policies_option
@click.option("--quiet", "-q", is_flag=True, help="Show no progress and no summary.")
@click.argument("repository", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def check(  # noqa: PLR0913 - one for each option
    *,
    rules_file: Path | None,
    known_file: Path | None,
    write: bool,
    form: str,
    output: Path | None,
    excluded: tuple[str, ...],
    bundle: Path | None,
    policies: Path | None,
    quiet: bool,
    repository: Path,
) -> int:
    """Check the folder REPOSITORY. It needs no set-up and no network, and never shows a secret.

    \b
    safety baseline check                    what is in here
    safety baseline check --write-baseline   take it up: only what is new fails
    safety baseline check --format sarif --output b.sarif   for code hosts

    Exit status 0 if nothing was found that is not known, 1 if anything was, 2 if something could not be looked into.
    """
    chosen, _ = chosen_policy(bundle, policies)
    patterns = chosen.policy.patterns
    rules = rule_book(rules_file, repository)
    known = _known(known_file, repository, write=write)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    matcher = redactor_of(patterns, {}).matcher
    checker = Checker(rules.rules, matcher, {pattern.id: pattern.title for pattern in patterns}, today)
    report = Run(checker, matcher, known, quiet=quiet).report(repository, excluded)
    if write:
        target = known_file or repository / KNOWN
        target.write_text(known_text(report, today), "utf-8")
        click.echo(f"{target}: {len(report.hits) + len(report.allowed)} known findings. Commit it; only new ones fail.")
        return 2 if report.refused else 0
    tell(report, rules, form, output, quiet=quiet)
    return report.exit_status


@baseline.command("rules", short_help="List the rules that hold.")
@_rules_option
@click.argument("repository", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
def rules_(*, rules_file: Path | None, repository: Path) -> None:
    """List the rules that hold in REPOSITORY: id, kind, severity, title."""
    click.echo(listed(rule_book(rules_file, repository).rules))


@baseline.command("explain", short_help="Explain a rule.")
@_rules_option
@click.argument("rule")
def explain(*, rules_file: Path | None, rule: str) -> None:
    """Explain RULE: what it looks for, where, why, and what to use instead."""
    click.echo(explained(rule_book(rules_file, _HERE).named(rule), width()))


def _known(given: Path | None, repository: Path, *, write: bool) -> AllowList:
    """Return what is known; a file that is to be written need not be there yet."""
    if given is not None and not given.exists():
        if not write:
            raise InputError(str(given), "does not exist", "write it with --write-baseline")
        return AllowList(str(given))
    return read_known(given, repository)
