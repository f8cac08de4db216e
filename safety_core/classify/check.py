"""Refuses a catalogue that says what nobody reads: a misspelt field must not pass as an absent one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.classify.catalogue import DRY, KINDS, Catalogue, parse_spec
from safety_core.classify.shell.values import READERS
from safety_core.errors import PolicyError

SECTIONS: Final = frozenset(
    {
        "adapters",
        "client_options",
        "code",
        "http",
        "lexicon",
        "methods",
        "nouns",
        "options",
        "pairs",
        "paths",
        "programs",
        "roles",
        "tools",
        "variables",
        "verb_words",
        "verbs",
    }
)
PROGRAM: Final = frozenset(
    {"effect", "words", "operands", "last", "options", "commands", "wrapper", "verbs", "assign", "traits", "dashes"}
    | {
        "stdin",
        "stream",
        "joined",
        "given",
        "given_from",
        "alone",
        "flags",
        "values",
        "open",
        "after",
        "bundled",
        "posix",
        "prefixes",
        "anywhere",
        DRY,
        *KINDS,
    }
)
TOOL: Final = frozenset(
    {"aliases", "adapter", "effect", "words", "args", "select", "actions", "default", "code", "ignored", "inner"}
    | {"asks", "given", "harmless", "volatile", "operation", "parameters"}
)
ADAPTER: Final = frozenset({"words", "slots", "options", "repeat"})
REPEATS: Final = ("safe", "keyed", "ask")
SERVICE: Final = frozenset({"hosts", "ports", "words", "calls"})
CALL: Final = frozenset({"effect", "words"})
SPECS: Final = ("effect", "last", "given")
TYPES: Final = frozenset({"", "text", "command", "words", "directory", "named", *READERS})
"""Types of values, beside the languages of code ("code:sql")."""


def check_catalogue(data: JsonObject) -> None:
    """Read every entry as classification will.

    Raises:
        PolicyError: names the entry by its path in the bundle's data ("data.catalogue.programs.till.effect").
    """
    for section, entries in data.items():
        known = list(entries) if isinstance(entries, dict) else []
        _known(section, SECTIONS, ".".join(("data.catalogue", section, *known[:1])))
    checks = {"programs": _check_program, "tools": _check_tool, "http": _check_service, "adapters": _check_adapter}
    for section, check in checks.items():
        entries = data.get(section, {})
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            check(entry, f"data.catalogue.{section}.{name}")
    _once(data.get("programs", {}))
    Catalogue(data)


def _once(programs: Json) -> None:
    """Refuse a program that two entries describe: the later one would hide the other."""
    seen: dict[str, str] = {}
    for names in programs if isinstance(programs, dict) else ():
        for name in (part.strip() for part in names.split(",")):
            if name in seen:
                where = f"data.catalogue.programs.{names}"
                raise PolicyError(where, f"{name!r} stands in another entry, too ({seen[name][:60]})", "keep one")
            seen[name] = names


def _check_program(entry: Json, path: str) -> None:
    if isinstance(entry, str):
        parse_spec(entry, path)
        return
    if not isinstance(entry, dict):
        raise PolicyError(path, "must be a spec or a mapping", "write an effect, or {effect: ..., words: ...}")
    _fields(entry, PROGRAM, path)
    _specs({name: entry[name] for name in SPECS if name in entry}, path)
    for name in ("options", "assign", "anywhere"):
        _specs(entry.get(name, {}), f"{path}.{name}")
    for takes in str(entry.get("operands", "")).split():
        _type(takes, f"{path}.operands")
    for name in ("flags", "values"):
        _option_names(entry.get(name, ""), f"{path}.{name}")
    commands = entry.get("commands", {})
    for name, command in commands.items() if isinstance(commands, dict) else ():
        _check_program(command, f"{path}.commands.{name}")


def _check_service(entry: Json, path: str) -> None:
    if not isinstance(entry, dict) or not isinstance(entry.get("calls"), dict):
        raise PolicyError(path, "must be a mapping that has calls", "write {hosts: ..., words: ..., calls: {...}}")
    _fields(entry, SERVICE, path)
    calls = entry["calls"]
    for request, call in calls.items() if isinstance(calls, dict) else ():
        if " /" not in request:
            raise PolicyError(f"{path}.calls", f"{request!r} is no request", 'write methods, path: "POST /v1"')
        if isinstance(call, dict):
            _fields(call, CALL, f"{path}.calls.{request}")
        effect = call.get("effect", "") if isinstance(call, dict) else call
        parse_spec(str(effect), f"{path}.calls.{request}")


def _check_tool(entry: Json, path: str) -> None:
    if not isinstance(entry, dict):
        raise PolicyError(path, "must be a mapping", "write {effect: ..., words: ...}")
    _fields(entry, TOOL, path)
    asks = entry.get("asks", "-")
    if not isinstance(asks, str) or not asks:
        raise PolicyError(f"{path}.asks", "must be text", "say in a few words why a person is asked whatever the tier")
    _specs({name: entry[name] for name in ("effect", "default") if name in entry}, path)
    _specs(entry.get("actions", {}), f"{path}.actions")
    _specs(entry.get("given", {}), f"{path}.given")


def _check_adapter(entry: Json, path: str) -> None:
    """A connected service's manifest: {words, slots: [names], options: {name: what it is}, repeat: safe|keyed|ask}."""
    if not isinstance(entry, dict):
        raise PolicyError(path, "must be a mapping", "write {words: ..., slots: [...], repeat: ask}")
    _fields(entry, ADAPTER, path)
    _known(str(entry.get("repeat", "ask")), REPEATS, f"{path}.repeat")


def _specs(specs: Json, path: str) -> None:
    if not isinstance(specs, dict):
        raise PolicyError(path, "must be a mapping of names to specs")
    for name, spec in specs.items():
        _type(parse_spec(str(spec), f"{path}.{name}").takes, f"{path}.{name}")


def _type(takes: str, path: str) -> None:
    """A type that nobody reads would hide what the value names."""
    if not takes.startswith("code:"):
        _known(takes, TYPES, path)


def _option_names(names: Json, path: str) -> None:
    wrong = [word for word in names.split() if word[0] not in "-+"] if isinstance(names, str) else [names]
    if wrong:
        raise PolicyError(path, f"{wrong[0]!r} is no option", 'write option names with spaces between: "-a --all"')


def _fields(entry: JsonObject, known: Iterable[str], path: str) -> None:
    for name in entry:
        _known(name, known, f"{path}.{name}")


def _known(name: str, known: Iterable[str], path: str) -> None:
    if name not in known:
        near = get_close_matches(name, known, 1)
        raise PolicyError(path, f"{name!r} is not known here", f"write {near[0] if near else ', '.join(sorted(known))}")
