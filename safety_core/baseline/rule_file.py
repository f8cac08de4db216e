"""A rule file -> rules, or the line that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

import regex

from safety_core.baseline.rule import Exemption, Finds, Rule, RuleKind
from safety_core.bundle.document import Document, read_document
from safety_core.canonical import Json, JsonObject
from safety_core.errors import PolicyError
from safety_core.model.severity import Severity

JOBS: Final = "job-configs"
"""Stands among the globs of `in` for all files of jobs and deployments."""

ALL: Final = "*"
"""Among `without`: every rule that is shipped."""

_ID: Final = re.compile(r"[a-z][a-z0-9-]{1,59}")
_DAY: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_TOP: Final = ("version", "without", "rules")
_COMMON: Final = ("id", "kind", "title", "reason", "instead", "severity", "except")
_FIELDS: Final = {
    RuleKind.FORBIDDEN: ("in", "words", "expressions", "ignore_case"),
    RuleKind.DEPRECATED: ("in", "words", "files"),
    RuleKind.CREDENTIAL: ("in", "finds", "keys"),
}
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """`without`: ids of shipped rules that do not hold here."""

    rules: tuple[Rule, ...]
    without: frozenset[str]
    name: str


def read_rules(name: str, raw: bytes) -> RuleFile:
    """Return what a rule file says.

    Raises:
        PolicyError: naming file and line.
    """
    document = read_document(name, raw)
    whole = _Fields(document, document.mapping(), "", _TOP)
    if whole.value["version"] != 1 if "version" in whole.value else True:
        raise PolicyError(document.place(".version"), "is no version of rule files that is known here", "version: 1")
    rules = [_rule(document, entry, f".rules[{index}]") for index, entry in enumerate(whole.items("rules"))]
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.id in seen:
            raise PolicyError(rule.place, f"has the id {rule.id!r} of the rule at {seen[rule.id]}", "name it otherwise")
        seen[rule.id] = rule.place
    return RuleFile(tuple(rules), frozenset(whole.texts("without")), name)


def with_shipped(shipped: RuleFile, own: RuleFile) -> tuple[Rule, ...]:
    """Return the rules that hold: the shipped ones that are not left out, then one's own.

    Raises:
        PolicyError: a rule is left out that is not there, or has the id of a shipped one.
    """
    known = {rule.id for rule in shipped.rules}
    if strange := sorted(own.without - known - {ALL}):
        raise PolicyError(own.name, f"leaves out {strange[0]!r}, which is not shipped", "see safety baseline rules")
    kept = [rule for rule in shipped.rules if not own.without & {rule.id, ALL}]
    for rule in own.rules:
        if rule.id in {other.id for other in kept}:
            fix = "name it otherwise, or write the shipped one's id under without"
            raise PolicyError(rule.place, f"has the id {rule.id!r} of a rule that is shipped", fix)
    return (*kept, *own.rules)


class _Fields:
    """One mapping of the file; every refusal names the line."""

    def __init__(self, document: Document, value: Json, path: str, known: Iterable[str]) -> None:
        self._document = document
        self._path = path
        if not isinstance(value, dict):
            raise self.wrong("", "must be a mapping of names to values")
        self.value: JsonObject = value
        if strange := [name for name in value if name not in known]:
            raise self.wrong(strange[0], f"{strange[0]!r} is not known here", f"known are {', '.join(known)}")

    def wrong(self, name: str, reason: str, fix: str = "") -> PolicyError:
        return PolicyError(self._document.place(f"{self._path}.{name}" if name else self._path), reason, fix)

    def text(self, name: str, default: str | None = None) -> str:
        found = self.value.get(name, default)
        if not isinstance(found, str) or (default is None and not found.strip()):
            raise self.wrong(name, f"{name} must be a text that is not empty")
        return found

    def flag(self, name: str) -> bool:
        found = self.value.get(name, False)
        if not isinstance(found, bool):
            raise self.wrong(name, f"{name} must be true or false")
        return found

    def items(self, name: str) -> list[Json]:
        found = self.value.get(name, [])
        if not isinstance(found, list):
            raise self.wrong(name, f"{name} must be a list")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self.items(name)
        for index, item in enumerate(found):
            if not isinstance(item, str) or not item:
                raise self.wrong(f"{name}[{index}]", f"{name} must be a list of texts that are not empty")
        return tuple(str(item) for item in found)

    def one_of(self, name: str, kinds: type[_E], default: str | None = None) -> _E:
        found = self.text(name, default)
        if found not in [*kinds]:
            raise self.wrong(name, f"{found[:40]!r} is no {name}", f"write one of {', '.join(kinds)}")
        return kinds(found)


def _rule(document: Document, value: Json, path: str) -> Rule:
    loose = str(value.get("kind")) if isinstance(value, dict) else ""
    known = _FIELDS[RuleKind(loose)] if loose in [*RuleKind] else sum(_FIELDS.values(), ())
    fields = _Fields(document, value, path, (*_COMMON, *known))
    name, kind, paths = fields.text("id"), fields.one_of("kind", RuleKind), fields.texts("in")
    if not _ID.fullmatch(name):
        raise fields.wrong("id", f"{name[:60]!r} is no id", "small letters, digits and hyphens, from 2 to 60")
    rule = Rule(
        id=name,
        kind=kind,
        title=fields.text("title"),
        reason=fields.text("reason"),
        instead=fields.text("instead", ""),
        severity=fields.one_of("severity", Severity, "medium"),
        paths=tuple(glob for glob in paths if glob != JOBS),
        jobs=JOBS in paths or (kind is RuleKind.CREDENTIAL and not paths),
        files=fields.texts("files"),
        words=fields.texts("words"),
        expressions=tuple(_expressions(fields)),
        ignore_case=fields.flag("ignore_case"),
        finds=frozenset(_finds(fields)),
        keys=frozenset(key.lower() for key in fields.texts("keys")),
        exemptions=tuple(_exemptions(document, fields, path)),
        place=document.place(path),
    )
    if not (rule.reads or rule.files):
        raise fields.wrong("", "looks for nothing", f"give {' or '.join(known[1:3])}")
    return rule


def _expressions(fields: _Fields) -> Iterator[str]:
    for index, text in enumerate(fields.texts("expressions")):
        try:
            nothing = regex.compile(text).match("")
        except regex.error as error:
            raise fields.wrong(f"expressions[{index}]", f"is no regular expression: {error}") from error
        if nothing:
            raise fields.wrong(f"expressions[{index}]", "matches where there is nothing")
        yield text


def _finds(fields: _Fields) -> Iterator[Finds]:
    for index, text in enumerate(fields.texts("finds")):
        if text not in [*Finds]:
            fix = f"write one of {', '.join(Finds)}"
            raise fields.wrong(f"finds[{index}]", f"{text[:40]!r} is nothing that can be found", fix)
        yield Finds(text)


def _exemptions(document: Document, fields: _Fields, path: str) -> Iterator[Exemption]:
    for index, entry in enumerate(fields.items("except")):
        where = f"{path}.except[{index}]"
        given = _Fields(document, entry, where, ("paths", "reason", "until"))
        until = given.text("until", "")
        if until and not _DAY.fullmatch(until):
            raise given.wrong("until", f"{until[:40]!r} is no day", 'write "YYYY-MM-DD"')
        paths = given.texts("paths")
        if not paths:
            raise given.wrong("", "names no paths", "name the files that are let be")
        yield Exemption(paths, given.text("reason"), until, document.place(where))
