"""`safety scan`: what would be redacted, and what would be left."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import IO, Any

import click
import yaml

from safety_core.canonical import Json
from safety_core.edge.shipped import shipped_sources
from safety_core.errors import InputError, PolicyError, UnscannableError
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.finding import Redaction
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue, secret_name
from safety_core.redact.json_text import check_json
from safety_core.redact.redactor import Redactor
from safety_core.wire.reader import parse_json


@click.command()
@click.option(
    "--secrets",
    "secrets_file",
    type=click.File("rb"),
    help='A JSON object of known secrets, {"NAME": "value"}.',
)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def scan(secrets_file: IO[bytes] | None, files: tuple[Path, ...]) -> None:
    """Show what redaction finds, never the secrets themselves.

    \b
    With FILES: one line per finding, exit status 1 if there is any.
    Without: JSON Lines on standard input, one answer per line, in order:
    in   {"id", "text"}        the text may be a JSON body
    out  {"id", "findings": [{"kind", "rule", "start", "end"}], "redacted", "blocked"?}
    """
    known = _secrets(secrets_file.read()) if secrets_file else {}
    redactor = Redactor(Matcher(Registry(known), PatternSet(_patterns())), hashlib.sha256(b"safety scan").digest())
    if files:
        sys.exit(1 if sum(_scan_file(redactor, path) for path in files) else 0)
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            click.echo(json.dumps(_answer(redactor, line, number), ensure_ascii=False))


def _secrets(raw: bytes) -> dict[SecretName, SecretValue]:
    found = parse_json(raw, "--secrets")
    if not isinstance(found, dict):
        raise InputError("--secrets", "must be a JSON object", 'write {"NAME": "value"}')
    return {secret_name(name): SecretValue(value) for name, value in found.items() if isinstance(value, str)}


def _patterns() -> list[Pattern]:
    found: list[Pattern] = []
    for path, raw in shipped_sources().items():
        if path.startswith("patterns/"):
            found.extend(_pattern(path, entry) for entry in yaml.safe_load(raw)["patterns"])
    return found


def _pattern(path: str, entry: dict[str, Any]) -> Pattern:
    fields = {name: value for name, value in entry.items() if name not in {"must_match", "must_not_match"}}
    try:
        return Pattern(**{**fields, "keywords": tuple(fields.get("keywords", ()))})
    except TypeError as error:
        raise PolicyError(path, f"has a pattern with a field that is not known ({error})") from error


def _answer(redactor: Redactor, line: bytes, number: int) -> dict[str, Json]:
    question = parse_json(line, f"line {number}")
    if not isinstance(question, dict) or not isinstance(question.get("text"), str):
        raise InputError(f"line {number}", "is not a JSON object with a text", 'write {"id": ..., "text": "..."}')
    text = question["text"]
    assert isinstance(text, str)  # noqa: S101 - tested above
    try:
        clean = _redacted(redactor, text)
    except UnscannableError as error:
        return {"id": question.get("id"), "findings": [], "redacted": "", "blocked": str(error)}
    return {"id": question.get("id"), "findings": [*_shown(clean)], "redacted": clean.text}


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
