"""`safety policy golden`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from safety_core.bundle.contents import GOLDEN
from safety_core.bundle.source import compile_bundle
from safety_core.canonical import JsonObject
from safety_core.cli.policy.seam import policies_option, sources_of
from safety_core.edge.prove import vectors_of
from safety_core.edge.shipped import LOCAL_TENANT
from safety_core.errors import InputError
from safety_core.wire.reader import Reader


@click.command(short_help="Turn answers of `safety classify --facts` into golden vectors.")
@policies_option
@click.argument("answers", type=click.File("rb"), default="-")
def golden(policies: Path | None, answers: Iterable[bytes]) -> None:
    """Turn what `safety classify --facts` said into golden vectors, one line each, as the rules judge now.

    \b
    safety classify --facts calls.jsonl | safety policy golden > new.jsonl

    A golden vector is a call that every edge judges before it takes a policy up. ANSWERS may also be golden vectors:
    they are then written again as the rules judge now.
    """
    asked = [_facts(line, number) for number, line in enumerate(answers, 1) if line.strip()]
    _, bundle = compile_bundle({**sources_of(policies), GOLDEN: b""}, tenant=LOCAL_TENANT)
    for vector in asyncio.run(vectors_of(bundle, asked)):
        click.echo(vector, nl=False)


def _facts(line: bytes, number: int) -> JsonObject:
    """Return the facts of one answer. Raises InputError naming its line."""
    try:
        return Reader.parse(line, "answer").mapping("facts")
    except InputError as error:
        fix = "give what `safety classify --facts` printed, or golden vectors"
        raise InputError(f"ANSWERS:{number}", f"is no answer with facts ({error})", fix) from error
