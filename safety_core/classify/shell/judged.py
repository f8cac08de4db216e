"""One command while it is judged: its entry, what it was given, and how its effects are noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from safety_core.classify.code import code_notes
from safety_core.classify.computing import only_computes
from safety_core.classify.network import service_calls, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.shell.options import Invocation
from safety_core.classify.shell.requests import requests
from safety_core.classify.shell.scope import NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Action, Kind, Target, TargetKind, Zone

OWN_VARIABLES: Final = "/proc/self/environ"
"""Where a program finds the variables that it was started with."""

ENVIRONMENT: Final = frozenset({"environment"})
"""Origin of a text that holds all variables, and with them what programs need to sign in elsewhere."""

CONNECTION: Final = frozenset({"downloaded", "remote_control"})
"""Origin of what comes in over a connection that the shell itself holds: what it says is done at once."""

SECRET_NAME: Final = re.compile(
    r"(?i)(?<![a-z])(?:(?:api|access|private|secret|signing|encryption)?_?keys?|tokens?|secrets?|pass|passwords?|passwd"
    r"|credentials?)(?![a-z])"
)
"""A name, or a pattern for names, of variables that hold secrets."""


_IMPORT: Final = re.compile(r"(?m)(?:^|[;:])[ \t]*(?:import|from)[ \t]+([A-Za-z_][\w.]*)")
"""The first module that a statement of Python imports."""


def note_control(notes: Notes, name: str, origin: frozenset[str]) -> None:
    """Note that somebody else controls the machine, where commands of this origin are run by `name`."""
    if origin >= CONNECTION:
        notes.note(Kind.CONTROL, f"{name} shell", "lets somebody else control this machine", (), CONNECTION)


class Reader(Protocol):
    """What is needed of the one that reads scripts."""

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow a script."""

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function that the script defined."""


class Runner(Protocol):
    """What is needed of the one that judges simple commands."""

    notes: Notes
    shell: Reader

    def run(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str] = frozenset()) -> Stream:
        """Judge one command."""

    def variable(self, name: str, value: str, scope: Scope) -> None:
        """Judge a variable that is set."""

    def kinds(self, path: Sequence[str]) -> list[Kind]:
        """Return what the words of a subcommand say."""


OWN: Final = frozenset({"listing", "milder", "modest"})
"""Traits that make one command milder, and never what it starts: `rpm -qa --pipe CODE` lists, the code does not."""


class Judged:
    """One command that the catalogue lists, while it is judged: what its values name is found bit by bit."""

    def __init__(self, programs: Runner, found: Invocation, scope: Scope, stdin: Stream, made: frozenset[str]) -> None:
        self.programs = programs
        self.notes = programs.notes
        self.found = found
        self.entry = found.entry
        self.scope = scope
        self.stdin = stdin
        self.made = made
        self.dry = self.entry.spec.dry or any(spec.dry for _, spec, _ in found.options)
        given = (spec.traits for _, spec, _ in found.options)
        self.traits = (scope.traits - OWN) | self.entry.spec.traits.union(*given)
        self.targets: list[Target] = []
        self.coded = False
        self.imported: set[str] = set()
        self.addresses: list[str] = []
        self.asking = False
        """What is sent is only a question, by what the catalogue knows of the services that are asked."""

    def note(self, kind: Kind, form: str, targets: Sequence[Target]) -> None:
        """Note one effect. Reaching only this machine is no reaching outside."""
        hosts = [target for target in targets if target.kind is TargetKind.HOST]
        if kind is Kind.OUTWARD and hosts and all(host.zone is Zone.LOCAL for host in hosts):
            kind = Kind.WRITE
        if kind is Kind.WRITE and targets and all(map(self.harmless, targets)):
            kind = Kind.READ
        if kind is Kind.OUTWARD and (self.stdin.origin | self.made) >= ENVIRONMENT:
            self.notes.note(
                Kind.READ, f"{self.entry.name} variables", "sends all variables", [self.path(OWN_VARIABLES)]
            )
        if self.asking and kind in {Kind.OUTWARD, Kind.WRITE, Kind.DESTROY} and hosts:
            kind = Kind.READ
        silent = self.entry.inherits and kind not in {Kind.READ, Kind.WRITE, Kind.UNKNOWN}
        words = self.entry.words if kind is self.entry.spec.kind and not silent else ""
        words = words or self.notes.catalogue.verb_words.get(kind, "") or self.entry.words
        traits = self.traits | (self.made if kind is Kind.RUN_CODE else frozenset())
        self.notes.act(Action(kind, self.entry.name.partition(" ")[0], form, tuple(targets), traits, words))

    def requests(self) -> None:
        """Note what the command's requests do to services that the catalogue knows."""
        services = self.notes.catalogue.services
        calls = [(url, service_calls(services, method, url, body)) for method, url, body in requests(self.found)]
        self.asking = bool(calls) and all(found for _, found in calls)
        for url, found in calls:
            for call in found:
                kind = call.spec.kind or Kind.READ
                self.asking = self.asking and kind is Kind.READ
                self.notes.note(kind, f"{self.entry.name} request", call.words, [url_target(url)], call.spec.traits)

    def harmless(self, target: Target) -> bool:
        """Tell whether what is written there is gone (`-o /dev/null`)."""
        return target.kind is TargetKind.PATH and target.value in self.notes.catalogue.paths.harmless

    def wrote(self, target: Target) -> None:
        """Remember that this command has written a file, with a text that is not known."""
        if target.kind is TargetKind.PATH:
            downloads = self.entry.stream == "download"
            self.notes.files.write(
                target.value, None, self.stdin.origin | (frozenset({"downloaded"}) if downloads else frozenset())
            )

    def path(self, text: str) -> Target:
        """Return the file or folder of this name, from the directory at hand."""
        return path_target(text, self.scope.cwd, self.notes.workspace, self.notes.catalogue.paths)

    def code(self, language: str, text: str) -> None:
        """Follow code in `language`."""
        self.coded = True
        note_control(self.notes, self.entry.name, self.made)
        if language == "shell":
            arguments = tuple(word.text for word in self.found.operands[1:])
            same = self.entry.wrapper is not None or self.entry.stream == "same"
            traits = (self.traits - self.scope.traits) | self.made
            self.programs.shell.script(text, self.scope if same else self.scope.below(traits, arguments), self.stdin)
            return
        if language == "python" and HOLE not in text and only_computes(text):
            self.traits |= {"milder"}
        if language == "python":
            self._imported(text)
        for command in code_notes(self.notes, language, text, self.entry.name, self.traits):
            self.programs.shell.script(command, self.scope.below(), NOTHING)

    def _imported(self, text: str) -> None:
        """Follow what a Python program imports, where it was written here; each module once."""
        for name in _IMPORT.findall(text):
            target = self.path(f"{name.replace('.', '/')}.py")
            content = self.notes.files.read(target.value)
            if content is not None and target.value not in self.imported:
                self.imported.add(target.value)
                self.made |= content.origin
                self.code("python", content.text or HOLE)


Read = Callable[[Judged, str], list[Target]]
"""Returns what a value of some type names, and notes what it does besides."""
