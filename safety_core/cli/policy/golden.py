"""`safety policy golden`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import click

from safety_core.bundle.contents import GOLDEN
from safety_core.bundle.source import compile_bundle
from safety_core.cli.policy.seam import policies_option, sources_of
from safety_core.edge.prove import vectors_of
from safety_core.edge.shipped import LOCAL_TENANT
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
    asked = [Reader.parse(line, "answer").mapping("facts") for line in answers if line.strip()]
    _, bundle = compile_bundle({**sources_of(policies), GOLDEN: b""}, tenant=LOCAL_TENANT)
    for vector in asyncio.run(vectors_of(bundle, asked)):
        click.echo(vector, nl=False)
