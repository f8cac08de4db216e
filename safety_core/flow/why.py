"""Why a call is judged as it is: which rules were asked and how far each got, what the gate says, what would be milder.

Pure thinking behind `safety policy explain`: the command brings the verdict and the lines that the rules reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.clauses import HITS, Clause, clauses_of
from safety_core.bundle.contents import TrustedBundle
from safety_core.canonical import Json, JsonObject
from safety_core.model.facts import Facts
from safety_core.model.verdict import Hit

MOST_VARIANTS: Final = 24
"""Milder forms of a command that are tried."""

_LIST: Final = re.compile(r"\s*(?:&&|\|\||;|\n)\s*")
_QUOTED: Final = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"")
_OPTION: Final = re.compile(r"(?<!\S)-[^\s'\"]*")
_PRIVILEGED: Final = re.compile(r"^\s*(?:sudo|doas)\s+(?!-)")


@dataclass(frozen=True, slots=True)
class Fired:
    """A clause that came true, with the place of its head ("rules/deletes/deletes.rego:11"; empty if not known)."""

    level: str
    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule that was asked.

    Attributes:
        because: why the index chose it ("destroy", "rm", or "always").
        stopped: for a rule that did not fire, the condition at which its nearest clause stopped, and its place.
    """

    rule: str
    because: str
    fired: tuple[Fired, ...] = ()
    stopped: tuple[str, str] | None = None

    def to_json(self) -> JsonObject:
        """Return it as a document."""
        fired: list[Json] = [{"level": one.level, "reason": one.reason, "place": one.place} for one in self.fired]
        stopped: Json = {"at": self.stopped[0], "place": self.stopped[1]} if self.stopped else None
        return {"rule": self.rule, "because": self.because, "fired": fired, "stopped": stopped}


def asked_rules(
    bundle: TrustedBundle, facts: Facts, hits: tuple[Hit, ...], reached: Mapping[str, frozenset[int]]
) -> tuple[Asked, ...]:
    """Return every rule that was asked about `facts`, those that fired first.

    Args:
        hits: what they answered.
        reached: by module, the lines that were reached; empty where nobody looked.
    """
    found = []
    for rule, because in _candidates(bundle, facts):
        name = f"rules/{rule}/{rule}.rego"
        own = tuple(hit for hit in hits if hit.rule == rule)
        text = bundle.modules[name]
        lines = reached.get(name, frozenset())
        fired = tuple(_fired(hit, name, text, lines) for hit in own)
        found.append(Asked(rule, because, fired, None if own else _stopped(name, text, lines)))
    return tuple(sorted(found, key=lambda one: (not one.fired, one.rule)))


def _candidates(bundle: TrustedBundle, facts: Facts) -> Iterator[tuple[str, str]]:
    """Yield the rules that the index chooses, with what made it choose them."""
    for rule, (kinds, subjects) in sorted(bundle.guards.items()):
        if not kinds and not subjects:
            yield rule, "always"
            continue
        for action in facts.actions:
            if (not kinds or action.kind.value in kinds) and (not subjects or action.subject in subjects):
                yield rule, f"{action.kind.value if kinds else ''} {action.subject if subjects else ''}".strip()
                break


def _fired(hit: Hit, name: str, text: str, lines: frozenset[int]) -> Fired:
    """Return the clause behind a hit: of those that came true, the one whose head says what the hit says."""
    clauses = [clause for clause in clauses_of(text) if clause.name == HITS and clause.fired(lines)]
    best = max(clauses, key=lambda clause: _likeness(clause, hit), default=None)
    return Fired(hit.level.word, hit.reason, f"{name}:{best.first}" if best else "")


def _likeness(clause: Clause, hit: Hit) -> int:
    return 2 * (clause.reason == hit.reason) + (clause.level == hit.level.word)


def _stopped(name: str, text: str, lines: frozenset[int]) -> tuple[str, str] | None:
    """Return the condition at which the clause that got furthest stopped."""
    best: tuple[int, int] | None = None
    for clause in clauses_of(text):
        furthest = clause.furthest(lines) if clause.name == HITS else None
        if furthest is not None and (best is None or furthest - clause.first > best[0]):
            best = furthest - clause.first, furthest
    if best is None:
        return None
    return text.splitlines()[best[1] - 1].strip(), f"{name}:{best[1]}"


@dataclass(frozen=True, slots=True)
class Variant:
    """Another form of a command: `change` in words, and the command itself."""

    change: str
    command: str


def variants(command: str) -> tuple[Variant, ...]:
    """Return forms of a command that may be milder: without one option, without `sudo`, or one part by itself."""
    found: dict[str, Variant] = {}
    for variant in (*_parts(command), *_without_privilege(command), *_without_options(command)):
        if variant.command.strip() and variant.command != command:
            found.setdefault(variant.command, variant)
    return tuple(found.values())[:MOST_VARIANTS]


def _parts(command: str) -> Iterator[Variant]:
    quoted = [found.span() for found in _QUOTED.finditer(command)]
    cuts = [found for found in _LIST.finditer(command) if not any(a <= found.start() < b for a, b in quoted)]
    starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(command)]
    if cuts:
        for start, end in zip(starts, ends, strict=True):
            yield Variant("by itself", command[start:end])


def _without_privilege(command: str) -> Iterator[Variant]:
    if _PRIVILEGED.search(command):
        yield Variant("without all rights", _PRIVILEGED.sub("", command))


def _without_options(command: str) -> Iterator[Variant]:
    for found in _OPTION.finditer(command):
        option = found[0]
        rest = (command[: found.start()].rstrip() + command[found.end() :]).strip()
        if len(option) > 1:
            yield Variant(f"without {option}", rest)
        if re.fullmatch(r"-[A-Za-z]{2,6}", option):
            for letter in option[1:]:
                shorter = option.replace(letter, "", 1)
                changed = command[: found.start()] + shorter + command[found.end() :]
                yield Variant(f"{shorter} instead of {option}", changed)
