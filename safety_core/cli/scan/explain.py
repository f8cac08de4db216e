"""One rule, in words: what it looks for, where it lives, how to allow what it finds."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from safety_core.bundle.document import read_document
from safety_core.bundle.gather import SAMPLES
from safety_core.cli.scan.rules import Rules
from safety_core.errors import InputError
from safety_core.model.policy import Pattern
from safety_core.wire.reader import Reader

_FOLDER: Final = "patterns/"
_MARK: Final = re.compile(r"\{(?:([0-9]+) ([a-z0-9]+)|([a-z]*))\}")
_ALPHABETS: Final[Mapping[str, str]] = {
    "alnum": "letters and digits",
    "alpha": "letters",
    "base32": "characters of base32",
    "base64": "characters of base64",
    "base64url": "characters of base64url",
    "digit": "digits",
    "hex": "hexadecimal digits",
    "lower": "small letters and digits",
    "upper": "capital letters and digits",
}
_WHOLE: Final[Mapping[str, str]] = {"github": "36 characters that end in their checksum", "jwt": "a JSON Web Token"}

_ELSEWHERE: Final = {
    "registered": "the secrets that you name; in clear, spaced, encoded, or in pieces",
    "unknown": "long runs that read like chance, where nothing says that they are an id or a digest",
}
_HOW: Final = "write the fingerprint that safety scan shows into .safety-allow, one a line, with the reason after a #"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a pattern is written, and the samples that stand with it."""

    file: str
    must_match: tuple[str, ...]
    must_not_match: tuple[str, ...]


def explained(rule_id: str, patterns: Mapping[str, Pattern], sources: Mapping[str, bytes], width: int = 100) -> str:
    """Return the explanation of a rule.

    Args:
        patterns: those of the policy, by id.
        sources: the files of the policy, by path.
        width: columns.

    Raises:
        InputError: there is no such rule; it names those with a similar id.
    """
    rules = Rules(patterns.values())
    rule = rules.by_id(rule_id)
    if rule is None:
        near = get_close_matches(rule_id, rules.ids(), 3, 0.5)
        fix = f"did you mean {' or '.join(near)}?" if near else "safety scan --explain unknown shows what to expect"
        raise InputError(f"rule {rule_id[:60]!r}", "does not exist", fix)
    rows = [("severity", f"{rule.severity.value} ({rule.kind.value})"), ("why", rule.why)]
    if rule_id in patterns:
        rows += _of_pattern(patterns[rule_id], sources)
    else:
        rows += [("looks for", _ELSEWHERE[rule_id.partition("-")[0]]), ("lives in", "the program itself")]
    rows.append(("allow", _HOW))
    return "\n".join([f"{rule.id}: {rule.title}", "", *(_row(label, text, width) for label, text in rows)])


def _row(label: str, text: str, width: int) -> str:
    if label == "expression":  # to be copied as it is
        return f"{label:<11}{text}"
    return textwrap.fill(
        text, max(width, 40), initial_indent=f"{label:<11}", subsequent_indent=" " * 11, break_on_hyphens=False
    )


def _of_pattern(pattern: Pattern, sources: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    source = _source(pattern.id, sources)
    for number, sample in enumerate(source.must_match):
        yield "or" if number else "looks for", in_words(sample)
    for number, sample in enumerate(source.must_not_match):
        yield "" if number else "but not", in_words(sample)
    yield "expression", pattern.expression
    if pattern.group:
        yield "secret", f"group {pattern.group} of it"
    yield "lives in", f"policies/{source.file}, in the signed policy bundle"


def in_words(sample: str) -> str:
    """Return the shape of a sample: what stands there, and how many characters of which kind follow."""
    parts: list[str] = []
    copied = 0
    plain = ""
    for found in _MARK.finditer(sample):
        words = _mark_in_words(found)
        if words is None:
            continue
        plain += sample[copied : found.start()]
        copied = found.end()
        if words:
            parts += filter(None, (plain, f"<{words}>"))
            plain = ""
    return " ".join(filter(None, [*parts, plain + sample[copied:]])).replace("\n", "\\n")


def _mark_in_words(found: re.Match[str]) -> str | None:
    """Return what a mark stands for, nothing for one that only parts, None where it is none."""
    count, alphabet, name = found.groups()
    if count:
        return f"{count} {_ALPHABETS.get(alphabet, alphabet)}"
    return _WHOLE.get(name) if name else ""


def _source(rule_id: str, sources: Mapping[str, bytes]) -> _Source:
    for file, raw in sources.items():
        if file.startswith(_FOLDER):
            for entry in Reader(read_document(file, raw).mapping(), file).objects("patterns"):
                if entry.text("id") == rule_id:
                    must, must_not = (entry.texts(name) if entry.has(name) else () for name in SAMPLES)
                    return _Source(file, tuple(must), tuple(must_not))
    return _Source(_FOLDER, (), ())
