"""Words -> options, operands and subcommand, by the program's catalogue entry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from safety_core.classify.catalogue import Entry, Spec
from safety_core.classify.paths import HOLE
from safety_core.classify.shell.long_options import listed, meant
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind

ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*\+?=")
NOT_DRY: Final = frozenset({"", "none", "false", "f", "no", "n", "off", "0"})
"""Values with which a trial run is none: `kubectl delete --dry-run=none`."""

UNDOES: Final = re.compile(r"--no-(n|d(r(y.*)?)?)")
"""Options that take a trial run back, abbreviated or not: `git push --dry-run --no-dry-run`."""

_HELP: Final = frozenset({"--help", "--version"})
_AS_OPERANDS: Final = frozenset({"script", "code:awk"})
"""First operands behind which everything is handed to the code that they name."""

_MILD: Final = frozenset({None, Kind.READ, Kind.UNKNOWN, Kind.RUN_CODE})
SWITCHED_ON: Final = frozenset({"true", "yes", "on", "1"})
"""Values with which a switch is as it is without one."""

_PARTS: Final = re.compile(r"[/,]")
"""What several names in one word stand apart by: `kubectl get pods,secrets`, `secret/till`."""


@dataclass(slots=True)
class Invocation:
    """One program call, read by its entry.

    Attributes:
        entry: the entry of the subcommand, with the options of the entries above it.
        words: everything behind the program's name, as it was given.
        options: specs of the options that were given, with their values. A trial run or a help text that does not hold
            stands as an option with a value that does nothing.
        path: words before the first option: a subcommand that no entry lists is sought there.
        rest: the command line behind a wrapper, None where there is none.
        matched: the words led to an entry that says what they do.
    """

    entry: Entry
    words: Sequence[Word] = ()
    options: list[tuple[str, Spec, Word | None]] = field(default_factory=list)
    operands: list[Word] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    rest: list[Word] | None = None
    matched: bool = False
    commands: list[list[Word]] = field(default_factory=list)
    """Command lines that stand in an option (`find -exec`)."""
    assignments: list[Word] = field(default_factory=list)
    """`NAME=value` before a wrapped command (`env`, `sudo`)."""
    unlisted: list[str] = field(default_factory=list)
    """Options that no entry lists."""


class _Reading:
    """State of reading one command line from left to right."""

    def __init__(self, entry: Entry, words: Sequence[Word], generic: Mapping[str, Spec]) -> None:
        self.found = Invocation(entry, words)
        self.queue = list(words)
        self.generic = generic
        self.only_operands = False
        self.pure = True
        self.hungry = False
        """The word before is an option that nobody has described: this word may be its value."""

    def run(self) -> Invocation:
        if self.found.entry.bundled and self.queue and not self.queue[0].text.startswith("-"):
            self._bundle(self.queue.pop(0))
        while self.queue:
            wrapper = self.found.entry.wrapper
            if wrapper is not None and len(self.found.operands) >= wrapper and not self._is_option(self.queue[0].text):
                while self.queue and not self.found.entry.joined and ASSIGNMENT.match(self.queue[0].text):
                    self.found.assignments.append(self.queue.pop(0))
                self.found.rest = self.queue
                break
            self._take(self.queue.pop(0))
        self._settle()
        entry = self.found.entry
        self.found.matched = self.found.matched or not (entry.commands or entry.verbs is not None)
        return self.found

    def _settle(self) -> None:
        """The last of several trial options counts, and another option may take it back."""
        last = {name: spec for name, spec, _ in self.found.options}
        undone = any(UNDOES.fullmatch(name) for name in last)
        for index, (name, spec, _) in enumerate(self.found.options):
            if _milder(spec) and (undone or not _milder(last[name])):
                self.found.options[index] = (name, Spec(), Word(""))

    def _holds(self, name: str, spec: Spec, value: str | None) -> bool:
        """Tell whether a trial run or a help text that is asked for is what happens."""
        if value is None and _milder(spec) and self.queue and self.queue[0].text == "false":
            self.queue.pop(0)
            return False
        if value is not None and _milder(spec):
            return value.casefold() not in NOT_DRY and HOLE not in value
        entry = self.found.entry
        stopped = bool(self.found.operands) and not entry.commands and " " not in entry.name
        if name in _HELP and stopped and entry.spec.kind not in _MILD:
            return False
        return not self.hungry or not (_milder(spec) or name in _HELP)

    def _is_option(self, text: str) -> bool:
        return not self.only_operands and text.startswith("-") and len(text) > 1

    def _bundle(self, word: Word) -> None:
        """`tar cfC a.tar folder`: the letters take their values from the words behind, in order."""
        for letter in word.text:
            self._cluster(Word(f"-{letter}"))

    def _take(self, word: Word) -> None:
        before = len(self.found.unlisted)
        self._read(word)
        self.hungry = len(self.found.unlisted) > before and "=" not in word.text

    def _read(self, word: Word) -> None:
        text = word.text
        plus = self.found.entry.options.get("+") if text.startswith("+") else None
        if plus is not None and not self.only_operands:
            self._valued("+", plus, Word(text[1:], word.glob))
        elif not self._is_option(text) or self._is_command(text):
            self._operand(word)
        elif text == "--":
            self.only_operands = True
            self.found.options.append((text, self.found.entry.options.get(text, Spec()), None))
        elif text.startswith("--") or self.found.entry.single:
            self._long(word)
        else:
            self._cluster(word)

    def _is_command(self, text: str) -> bool:
        """Some subcommands begin with a dash: `dscl . -list /Users`."""
        return text in self.found.entry.commands and len(self.found.operands) == self.found.entry.after

    def _operand(self, word: Word) -> None:
        if word.text in self.found.entry.prefixes and not self.found.operands:
            return
        self.only_operands = self.only_operands or self.found.entry.posix
        commands = self.found.entry.commands
        child = commands.get(word.text) or next(
            (commands[part] for part in _PARTS.split(word.text) if part in commands), None
        )
        if child is None and word.text in {word.text.upper(), word.text.capitalize()}:
            child = commands.get(word.text.lower())
        if child is not None and len(self.found.operands) == self.found.entry.after:
            self.found.entry = self.found.entry.merged(child)
            self.found.options = [self._seen_from(child, *option) for option in self.found.options]
            self.found.matched = child.verbs is None and bool(child.operands or not child.commands)
            self.pure = True
            self.found.path.clear()
            return
        if self.pure:
            self.found.path.append(word.text)
        self.found.operands.append(word)
        if self.found.entry.operands and self.found.entry.operands[0] in _AS_OPERANDS:
            self.only_operands = True

    def _seen_from(self, child: Entry, name: str, spec: Spec, value: Word | None) -> tuple[str, Spec, Word | None]:
        """An option before a subcommand means what the subcommand says of it: `kubectl get -o yaml secret`."""
        own = child.options.get(name)
        if own is not None and value is not None:
            own = child.options.get(f"{name}={value.text.lstrip('=').casefold()}", own)
        fits = own is not None and bool(own.takes) == bool(spec.takes) and not (_milder(own) and value is not None)
        return name, own if fits and own is not None else spec, value

    def _long(self, word: Word) -> None:
        name, equals, value = word.text.partition("=")
        spec = listed(self.found.entry, name, self.generic)
        if spec is None:
            self.pure = self.pure and not self.found.path
            generic = meant(name, self.generic)
            self._flag(name, generic or Spec(), Word(value) if equals else None)
            if generic is None:
                self.found.unlisted.append(name)
            if self.found.entry.single:
                self.found.path.append(name.lstrip("-"))
        elif not spec.takes:
            given = f"{name}={value.casefold()}" if equals else name
            self._switched(name, given, value)
            spec = self.found.entry.options.get(given, spec)
            self._flag(name, spec, Word(value, word.glob) if equals else None)
        elif equals:
            self._valued(name, spec, Word(value, word.glob))
        else:
            self._valued(name, spec, None)

    def _flag(self, name: str, spec: Spec, value: Word | None) -> None:
        if not self._holds(name, spec, None if value is None else value.text):
            spec, value = Spec(), value or Word("")
        self.found.options.append((name, spec, value))

    def _switched(self, name: str, given: str, value: str) -> None:
        """Where options are whole words, "-Artist" shows and "-Artist=me" writes: the value is not understood."""
        plain = given == name or given in self.found.entry.options or value.casefold() in NOT_DRY | SWITCHED_ON
        if self.found.entry.single and not plain:
            self.found.unlisted.append(given)

    def _cluster(self, word: Word) -> None:
        options, text = self.found.entry.options, word.text
        if text in options:
            spec = options[text]
            if spec.takes:
                self._valued(text, spec, None)
            else:
                self._flag(text, spec, None)
            return
        for index, letter in enumerate(text[1:], 2):
            spec = options.get(f"-{letter}", Spec())
            if f"-{letter}" not in options and not letter.isdecimal():
                self.found.unlisted.append(f"-{letter}")
            self.pure = self.pure and (f"-{letter}" in options or not self.found.path)
            rest = text[index:] if spec.takes != "code:shell" or not text[index:].isalpha() or letter != "c" else ""
            if spec.takes:
                self._valued(f"-{letter}", spec, Word(rest, word.glob) if rest else None)
            else:
                self._flag(f"-{letter}", spec, Word(text[index + 1 :]) if text[index:].startswith("=") else None)
            if spec.takes or not letter.isalnum():
                return

    def _valued(self, name: str, spec: Spec, value: Word | None) -> None:
        if spec.takes == "words":
            end = next((at for at, word in enumerate(self.queue) if word.text in {";", "+"}), len(self.queue))
            self.found.commands.append(self.queue[:end])
            del self.queue[: end + 1]
            return
        if spec.takes == "command":
            self.found.commands.append([*([value] if value else []), *self.queue])
            self.queue.clear()
            return
        if spec.takes.startswith("named") and self.queue:
            value = self.queue.pop(0) if value is None else value
            value = self.queue.pop(0) if self.queue else value
        if value is None and self.queue:
            options = (word.text.startswith(("-", "+")) for word in self.queue)
            at = next((at for at, option in enumerate(options) if not option), 0) if spec.takes == "code:shell" else 0
            value = self.queue.pop(at)
        if value is not None:
            spec = self.found.entry.options.get(f"{name}={value.text.lstrip('=').casefold()}", spec)
        self.found.options.append((name, spec, value))


def _milder(spec: Spec) -> bool:
    return spec.dry or "milder" in spec.traits


def read(entry: Entry, words: Sequence[Word], generic: Mapping[str, Spec]) -> Invocation:
    """Return `words` (without the program's name) as `entry` describes them.

    Args:
        generic: specs of long options that mean the same nearly everywhere ("--force"), for those that no entry lists.
    """
    return _Reading(entry, words, generic).run()
