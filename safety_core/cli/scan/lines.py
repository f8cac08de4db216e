"""JSON Lines on standard input, one answer per line, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from safety_core.canonical import Json
from safety_core.cli.scan.inspect import is_json
from safety_core.errors import InputError, UnscannableError
from safety_core.model.finding import Redaction
from safety_core.redact.redactor import Redactor
from safety_core.wire.reader import BODY_LIMIT, Reader


def answers(redactor: Redactor, lines: Iterable[bytes]) -> Iterator[str]:
    """Yield the answer to each line that is not empty; one that is no question is answered as blocked."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield json.dumps(_answer(redactor, line, number), ensure_ascii=False)


def _answer(redactor: Redactor, line: bytes, number: int) -> dict[str, Json]:
    asked: Json = None
    try:
        question = Reader.parse(line, f"line {number}")
        asked = question.json("id") if question.has("id") else None
        text = question.text("text", limit=BODY_LIMIT)
        clean = redactor.json_text(text) if is_json(text) else redactor.text(text)
    except (InputError, UnscannableError) as error:
        return {"id": asked, "findings": [], "redacted": "", "blocked": str(error)}
    return {"id": asked, "findings": [*_shown(clean)], "redacted": clean.text}


def _shown(clean: Redaction) -> list[Json]:
    return [
        {"kind": found.kind.value, "rule": found.rule, "start": found.start, "end": found.end}
        for found in clean.findings
    ]
