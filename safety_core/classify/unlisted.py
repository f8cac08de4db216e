"""A tool that the catalogue does not list: by the words of its name, and by the names and values of its arguments.

It is never understood whole, so that it is never green. In order: the verb in the name, made graver by what it is about
(`names`); an argument that chooses what is done ("action", "method"); arguments that give the effect away (somebody to
reach, a sum and an account, a command, a statement); switches that make it graver ("force", "public", "notify").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.classify.arguments import leaves, people_in, plain, sum_in
from safety_core.classify.code import code_notes
from safety_core.classify.given import Given
from safety_core.classify.names import Meaning, gravest, meaning_of, words_of
from safety_core.classify.network import carries_data, recipient_target, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import path_target
from safety_core.classify.shell.scope import Scope
from safety_core.classify.shell.walk import Shell
from safety_core.model.facts import Kind, Target, TargetKind, Zone

NAME_SHOWN: Final = 80
"""Characters of an unlisted tool's name that are shown."""

CHOICE_LIMIT: Final = 64
"""Characters of an argument that can choose what a tool does; longer ones are text."""

MOST_THINGS: Final = 100
"""Things that one call may delete before that counts as a great many."""

_STATEMENT: Final = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*[^!].*?\*/\s*)*(?:/\*!|(?:select|insert|update|delete|drop|truncate|alter|create|grant|revoke|merge|replace"
    r"|with|exec|execute|call|copy|load|rename|set|use|vacuum|explain|show|begin|do|attach|pragma|shutdown|handler)\b)",
    re.IGNORECASE | re.DOTALL,
)
"""How a statement for a database begins."""

_UNDECIDED: Final = frozenset({Kind.WRITE, Kind.UNKNOWN, Kind.RUN_CODE})
_TARGETS: Final = frozenset({"account", "contact", "data", "path", "recipient", "url"})
_EVERYTHING: Final = frozenset({"*", "%", "all", "everything", ".*"})
_EVERYBODY: Final = frozenset(
    {"public", "anyone", "everyone", "world", "public-read", "public_read", "anyone_with_link"}
)


def judge_unlisted(notes: Notes, name: str, params: JsonObject) -> None:
    """Note what a tool of that name would do with `params`."""
    shown = name[:NAME_SHOWN] or "tool"
    notes.doubt(f"{name[:NAME_SHOWN]}: a tool that the catalogue does not list")
    given = Given.of(params, notes.catalogue)
    meaning = _meaning(notes, name, given)
    kind = _by_arguments(meaning.kind, given)
    targets = list(dict.fromkeys(_targets(notes, kind, given)))
    traits = meaning.traits | _switched(kind, given)
    notes.note(kind, shown, _told(notes, kind, shown), targets, traits)
    _note_more(notes, kind, shown, targets, given)
    note_code(notes, kind, shown, given)


def _told(notes: Notes, kind: Kind, shown: str) -> str:
    """Return what the tool does in words: what sort of effect, and what its author calls it."""
    named = " ".join(words_of(shown))
    words = notes.catalogue.verb_words.get(kind, "")
    return f"{words} ({named})" if named and words else words


def _meaning(notes: Notes, name: str, given: Given) -> Meaning:
    """Return what the name says, and what the argument says that chooses among several effects."""
    said = meaning_of(name, notes.catalogue)
    chosen = [meaning_of(text, notes.catalogue) for text in given.texts_of("choose") if len(text) <= CHOICE_LIMIT]
    chosen += map(Meaning, _by_method(notes, given))
    chosen = [meaning for meaning in chosen if meaning.kind is not Kind.UNKNOWN]
    carrier = notes.catalogue.lexicon("carriers") & {*words_of(name)} or said.kind is Kind.UNKNOWN or not said.sure
    every = chosen if chosen and carrier else [said, *chosen]
    traits = frozenset(trait for meaning in every for trait in meaning.traits)
    return Meaning(gravest(meaning.kind for meaning in every), traits)


def _by_arguments(kind: Kind, given: Given) -> Kind:
    """Return the effect that the arguments give away, where the name says less."""
    roles = set(given.roles)
    kinds = {kind}
    if kind in _UNDECIDED and ("recipient" in roles or {"contact", "content"} <= roles):
        kinds.add(Kind.OUTWARD)
    if kind in {*_UNDECIDED, Kind.OUTWARD} and "amount" in roles and roles & {"account", "currency", "card"}:
        kinds.add(Kind.MONEY)
    if kind is not Kind.READ and any(_announces(key) for key in given.switches):
        kinds.add(Kind.OUTWARD)
    return gravest(kinds - {Kind.UNKNOWN}) if kinds != {Kind.UNKNOWN} else Kind.UNKNOWN


def _by_method(notes: Notes, given: Given) -> Iterator[Kind]:
    """Yield what the methods say that are given: those of HTTP, or of a service's own ("sendPhoto")."""
    local = [url_target(url).zone is Zone.LOCAL for url in given.texts_of("url")]
    for text in given.texts_of("method"):
        found = notes.catalogue.methods.get(text.upper())
        if found is None:
            yield meaning_of(text[:CHOICE_LIMIT], notes.catalogue).kind
        else:
            yield Kind.WRITE if found is Kind.OUTWARD and local and all(local) else found


def _announces(key: str) -> bool:
    first = key.partition("_")[0]
    return first in {"notify", "send", "publish", "share", "broadcast", "announce"}


def _switched(kind: Kind, given: Given) -> frozenset[str]:
    """Return what switches and sweeping values make graver."""
    traits = set()
    words = {word for key in given.switches for word in key.split("_")}
    if words & {"force", "forced", "permanent", "permanently", "hard"}:
        traits.add("forced")
    if words & {"recursive", "recurse"}:
        traits.add("recursive")
    sweeping = {text.strip().casefold() for text in given.texts} & _EVERYTHING
    if kind is Kind.DESTROY and (words & {"all", "everything"} or sweeping or given.longest > MOST_THINGS):
        traits.add("mass")
    return frozenset(traits if kind in {Kind.DESTROY, Kind.OUTWARD, Kind.PERMISSION} else ())


def _note_more(notes: Notes, kind: Kind, shown: str, targets: list[Target], given: Given) -> None:
    """Note what an argument adds to the effect of the tool itself."""
    opened = {plain(text) for role in ("choose", "visibility") for text in given.texts_of(role)}
    public = {word for key in given.switches for word in key.split("_")} & {"public", "publicly"}
    if kind is not Kind.READ and (public or _EVERYBODY & opened):
        notes.note(Kind.PERMISSION, shown, "lets everybody see it", targets)
    if kind is not Kind.OUTWARD and any(carries_data(url) for url in given.texts_of("url")):
        notes.note(Kind.OUTWARD, shown, "reads an address that could carry data out", targets)


def note_code(notes: Notes, kind: Kind, shown: str, given: Given) -> None:
    """Note what commands, statements and programs in the arguments would do."""
    words = {*words_of(shown)}
    commands = [*given.texts_of("shell")] or (given.loose if words & notes.catalogue.lexicon("shells") else [])
    for text in commands:
        Shell(notes).script(text, Scope(notes.workspace))
    statements = [*given.texts_of("sql")]
    if words & notes.catalogue.lexicon("databases"):
        statements += [text for text in (*given.loose, *given.listed) if _STATEMENT.match(text)]
    programs = [("sql", text) for text in statements]
    languages = [text.casefold() for text in given.texts_of("language")]
    if kind is Kind.RUN_CODE or languages:
        named = [word for word in words_of(shown) if word in notes.catalogue.languages]
        programs += [
            (language, text) for language in languages or named or ["python"] for text in given.texts_of("code")
        ]
    for language, text in programs:
        for command in code_notes(notes, language, text, shown, frozenset()):
            Shell(notes).script(command, Scope(notes.workspace))


def _targets(notes: Notes, kind: Kind, given: Given) -> Iterator[Target]:
    for role, values in given.roles.items():
        for value in values if role in _TARGETS else ():
            yield from _targets_of(notes, kind, role, value)
    if kind is Kind.MONEY:
        currency = next(given.texts_of("currency"), "")[:8]
        for amount in given.roles.get("amount", ())[:3]:
            if text := sum_in(amount, currency):
                yield Target(TargetKind.AMOUNT, text)


def _targets_of(notes: Notes, kind: Kind, role: str, value: Json) -> Iterator[Target]:
    match role:
        case "path":
            for text in leaves(value):
                yield path_target(text, notes.workspace, notes.workspace, notes.catalogue.paths)
        case "url":
            yield from (url_target(text) for text in leaves(value))
        case "recipient":
            yield from (recipient_target(text) for text in people_in(value))
        case "contact" if kind is Kind.OUTWARD:
            yield from (recipient_target(text) for text in people_in(value))
        case "account" if kind is Kind.MONEY:
            yield from (recipient_target(text) for text in people_in(value))
        case "data" if kind is not Kind.READ:
            yield from (Target(TargetKind.DATA, text[:200]) for text in leaves(value))
        case _:
            pass
