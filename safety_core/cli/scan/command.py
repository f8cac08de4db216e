"""The command, its options and its exit status."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

import click
from click.core import ParameterSource

from safety_core.cli.chosen_policy import bundle_option, chosen_policy, policies_option
from safety_core.cli.scan.allow import DEFAULT, read_allow_list
from safety_core.cli.scan.detectors import named_secrets, redactor_of
from safety_core.cli.scan.lines import answers
from safety_core.cli.scan.rules import Rules
from safety_core.cli.scan.run import LIMIT, Options, Run
from safety_core.cli.scan.tell import FORMATS, tell, width
from safety_core.cli.scan.walk import STDIN
from safety_core.errors import InputError


@click.command(short_help="Show where secrets are in files and folders.")
@click.option(
    "--secrets",
    "secrets_file",
    type=click.File("rb"),
    help='A JSON object of known secrets, {"NAME": "value"}.',
)
@bundle_option
@policies_option
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS]),
    default="text",
    show_default=True,
    help="How to report on FILES.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report into this file.")
@click.option(
    "--allow",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"The allow-list: fingerprints of places that are no secrets.  [default: {DEFAULT}, where it is there]",
)
@click.option(
    "--fingerprints",
    "form",
    flag_value="fingerprints",
    help="Print lines for the allow-list instead of a report; each still needs its reason.",
)
@click.option(
    "--exclude",
    "excluded",
    multiple=True,
    metavar="GLOB",
    help="Leave out files and folders of this name or path; may be given more than once.",
)
@click.option(
    "--max-size", type=click.IntRange(min=1), default=LIMIT, show_default=True, help="Mebibytes of the largest file."
)
@click.option("--explain", metavar="RULE", help="Explain a rule, and do nothing else.")
@click.option("--quiet", "-q", is_flag=True, help="Show no progress and no summary.")
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path, allow_dash=True))
@click.pass_context
def scan(  # noqa: PLR0913 - one for each option
    context: click.Context,
    /,
    *,
    secrets_file: IO[bytes] | None,
    bundle: Path | None,
    policies: Path | None,
    form: str,
    output: Path | None,
    allow: Path | None,
    excluded: tuple[str, ...],
    max_size: int,
    explain: str | None,
    quiet: bool,
    files: tuple[Path, ...],
) -> int:
    """Show where secrets are in FILES (and in the folders among them), never the secrets themselves.

    \b
    safety scan .                                 what is in here
    safety scan --format sarif --output scan.sarif src
    git log -p | safety scan -                    a plain text from a pipe
    safety scan --policies policies .             by patterns of one's own
    safety scan --explain github                  what a rule looks for
    safety scan --fingerprints . >> .safety-allow then write the reasons

    Exit status 0 if there is none, 1 if there is any, 2 if something could not be looked into.

    \b
    Without FILES: JSON Lines on standard input, one answer per line, in order:
    in   {"id", "text"}        the text may be a JSON body
    out  {"id", "findings": [{"kind", "rule", "start", "end"}],
          "redacted", "blocked"?}

    "blocked" says why nobody could look into a text; nothing of it may leave. The answers say what was found, and
    the exit status is 0.
    """
    chosen, sources = chosen_policy(bundle, policies)
    patterns = chosen.policy.patterns
    if explain is not None:
        from safety_core.cli.scan.explain import explained

        click.echo(explained(explain, {pattern.id: pattern for pattern in patterns}, sources, width()))
        return 0
    if secrets_file is sys.stdin.buffer and (STDIN in files or not files):
        raise InputError("standard input", "cannot be both the secrets and the text", "put the secrets into a file")
    known = named_secrets(secrets_file.read()) if secrets_file else {}
    if not files:
        _check_options(context)
        for answer in answers(redactor_of(patterns, known), sys.stdin.buffer):
            click.echo(answer)
        return 0
    options = Options(excluded, max_size, quiet)
    report = Run(redactor_of(patterns, known), read_allow_list(allow), options).report(files)
    tell(report, Rules(patterns), form, output, quiet=quiet)
    return report.exit_status


def _check_options(context: click.Context) -> None:
    """Refuse options that would do nothing without FILES: nobody should believe that they did."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name not in {"secrets_file", "bundle", "policies", "explain"}:
            raise click.UsageError(f"{option.opts[0]} is for FILES, and there are none", context)
