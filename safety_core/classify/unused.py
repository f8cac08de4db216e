"""Which entries of a catalogue a set of calls used, and which nothing did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from safety_core.canonical import Json, JsonObject
from safety_core.classify.trace import Step
from safety_core.model.facts import Kind

_EFFECTS = (*Kind, "dry")


@dataclass(slots=True)
class Used:
    """What calls used, by name.

    Attributes:
        programs, tools: names of programs and tools.
        forms: programs with their subcommand ("git push").
        options: (program, option).
    """

    programs: set[str] = field(default_factory=set)
    tools: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    options: set[tuple[str, str]] = field(default_factory=set)

    def add_facts(self, facts: JsonObject) -> None:
        """Note what facts name: the tool, and programs with their subcommands, without their options."""
        self.tools.add(str(facts.get("tool", "")))
        actions = facts.get("actions")
        for action in actions if isinstance(actions, list) else []:
            if isinstance(action, dict):
                self.programs.add(str(action.get("subject", "")))
                self.forms.add(str(action.get("form", "")))

    def add_step(self, root: Step) -> None:
        """Note what a call was read as."""
        self.tools.add(root.entry)
        for step in root.walk():
            self.programs.add(step.program)
            self.forms.add(step.entry)
            self.options.update((step.program, option.name) for option in step.options if option.listed)


@dataclass(frozen=True, slots=True)
class Unused:
    """One sort of entry: how many there are, and those that nothing used.

    Attributes:
        names: path of each in the catalogue, as far as there is a place for it, with its name in words.
    """

    sort: str
    total: int
    names: tuple[tuple[str, str], ...]

    @property
    def used(self) -> int:
        """Entries that something used."""
        return self.total - len(self.names)


def unused(catalogue: JsonObject, used: Used) -> tuple[Unused, ...]:
    """Return what of `catalogue` was not used: programs, subcommands, options, tools. Names that share an entry count
    as one.
    """
    programs = [*_entries(catalogue.get("programs"), "data.catalogue.programs")]
    tools = [*_entries(catalogue.get("tools"), "data.catalogue.tools")]
    return (
        _sort("programs", ((place, names, bool(used.programs & {*_split(names)})) for place, names, _ in programs)),
        _sort("subcommands", (one for program in programs for one in _commands(*program, used))),
        _sort("options", (one for program in programs for one in _options(*program, used))),
        _sort("tools", ((place, name, bool(used.tools & {name, *_aliases(raw)})) for place, name, raw in tools)),
    )


def _sort(sort: str, entries: Iterable[tuple[str, str, bool]]) -> Unused:
    listed = [*entries]
    return Unused(sort, len(listed), tuple((place, name) for place, name, was in listed if not was))


def _entries(section: Json, path: str) -> Iterator[tuple[str, str, JsonObject]]:
    for names, entry in section.items() if isinstance(section, dict) else ():
        yield f"{path}.{names}", names, entry if isinstance(entry, dict) else {}


def _commands(path: str, names: str, entry: JsonObject, used: Used) -> Iterator[tuple[str, str, bool]]:
    commands = entry.get("commands")
    listed = [(f"{path}.commands.{command}", command) for command in (commands if isinstance(commands, dict) else ())]
    listed += [(f"{path}.{effect}", word) for effect in _EFFECTS for word in _split(entry.get(effect, ""))]
    for place, command in listed:
        forms = {f"{name} {word}" for name in _split(names) for word in _split(command)}
        yield place, f"{_split(names)[0]} {command}", bool(used.forms & forms)


def _options(path: str, names: str, entry: JsonObject, used: Used) -> Iterator[tuple[str, str, bool]]:
    options = entry.get("options")
    for option in options if isinstance(options, dict) else ():
        pairs = {(name, one) for name in _split(names) for one in _split(option)}
        yield f"{path}.options.{option}", f"{_split(names)[0]} {option}", bool(used.options & pairs)


def _aliases(entry: JsonObject) -> list[str]:
    return _split(entry.get("aliases", ""))


def _split(names: Json) -> list[str]:
    """Return names that are written as one text with commas, or as a list."""
    parts = names.split(",") if isinstance(names, str) else names if isinstance(names, list) else []
    return [text for part in parts if (text := str(part).strip())]
