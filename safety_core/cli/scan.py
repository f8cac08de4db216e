"""`safety scan`: what would be redacted, and what would be left."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import IO

import click

from safety_core.canonical import Json
from safety_core.edge.home import Home
from safety_core.edge.pattern_cache import load_patterns
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import InputError, UnscannableError
from safety_core.match.matcher import Matcher
from safety_core.match.registry import Registry
from safety_core.model.finding import Redaction
from safety_core.model.secret import SecretName, SecretValue, secret_name
from safety_core.redact.json_text import check_json
from safety_core.redact.redactor import Redactor
from safety_core.wire.reader import BODY_LIMIT, Reader, parse_json


@click.command()
@click.option(
    "--secrets",
    "secrets_file",
    type=click.File("rb"),
    help='A JSON object of known secrets, {"NAME": "value"}.',
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def scan(secrets_file: IO[bytes] | None, files: tuple[Path, ...]) -> int:
    """Show what redaction finds, never the secrets themselves.

    \b
    With FILES: one line per finding, exit status 1 if there is any.
    Without: JSON Lines on standard input, one answer per line, in order:
    in   {"id", "text"}        the text may be a JSON body
    out  {"id", "findings": [{"kind", "rule", "start", "end"}], "redacted", "blocked"?}

    "blocked" says why nobody could look into a text; nothing of it may leave.
    """
    known = _secrets(secrets_file.read()) if secrets_file else {}
    patterns = load_patterns(shipped_bundle().policy.patterns, Home.default().cache)
    redactor = Redactor(Matcher(Registry(known), patterns), hashlib.sha256(b"safety scan").digest())
    if files:
        return 1 if sum(_scan_file(redactor, path) for path in files) else 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            click.echo(json.dumps(_answer(redactor, line, number), ensure_ascii=False))
    return 0


def _secrets(raw: bytes) -> dict[SecretName, SecretValue]:
    found = parse_json(raw, "--secrets")
    if not isinstance(found, dict):
        raise InputError("--secrets", "must be a JSON object", 'write {"NAME": "value"}')
    return {secret_name(name): SecretValue(value) for name, value in found.items() if isinstance(value, str)}


def _answer(redactor: Redactor, line: bytes, number: int) -> dict[str, Json]:
    asked: Json = None
    try:
        question = Reader.parse(line, f"line {number}")
        asked = question.json("id") if question.has("id") else None
        clean = _redacted(redactor, question.text("text", limit=BODY_LIMIT))
    except (InputError, UnscannableError) as error:
        return {"id": asked, "findings": [], "redacted": "", "blocked": str(error)}
    return {"id": asked, "findings": [*_shown(clean)], "redacted": clean.text}


def _redacted(redactor: Redactor, text: str) -> Redaction:
    return redactor.json_text(text) if _is_json(text) else redactor.text(text)


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        check_json(text)
    except UnscannableError:
        return False
    return True


def _shown(clean: Redaction) -> list[Json]:
    return [
        {"kind": found.kind.value, "rule": found.rule, "start": found.start, "end": found.end}
        for found in clean.findings
    ]


def _scan_file(redactor: Redactor, path: Path) -> int:
    text = path.read_text("utf-8", "replace")
    findings = redactor.text(text).findings
    for found in findings:
        line = text.count("\n", 0, found.start) + 1
        column = found.start - text.rfind("\n", 0, found.start)
        click.echo(f"{path}:{line}:{column}: {found.kind.value} {found.rule}, {found.end - found.start} characters")
    return len(findings)
