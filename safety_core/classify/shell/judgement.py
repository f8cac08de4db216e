"""One command that the catalogue lists -> what it does, what it starts, and what it prints."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from safety_core.classify.catalogue import PLAIN, Spec
from safety_core.classify.files import UNKNOWN
from safety_core.classify.names import kinds_in
from safety_core.classify.paths import GIVEN, HOLE
from safety_core.classify.shell.judged import ENVIRONMENT, OWN_VARIABLES, SECRET_NAME, note_control
from safety_core.classify.shell.makefiles import MAKES, NAMES, commands_for
from safety_core.classify.shell.options import read
from safety_core.classify.shell.scope import NOTHING, Scope, Stream
from safety_core.classify.shell.stores import COPIES, TEES, store
from safety_core.classify.shell.value_hosts import REMOTE
from safety_core.classify.shell.values import Values
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind, TargetKind

ANSWERS: Final = frozenset({"remote_control"})
"""What a shell says to commands that it reads from its input. Where that goes out over a connection, somebody else
works with the shell."""


class Judgement(Values):
    """Judges one command."""

    def run(self) -> Stream:
        """Note everything the command does; the reply is what it prints."""
        before = len(self.notes.actions) + len(self.notes.unknown)
        early = [
            given for given in self.found.options if given[1].takes.startswith(("directory", "code:", "expression"))
        ]
        for name, spec, value in early:
            if spec.takes == "directory" and value is not None:
                self.scope = self.scope.copy()
                self.scope.cwd = self.path(value.text).value
            self.option(name, spec, value)
        self.requests()
        if self.entry.stream == "download" and ANSWERS & self.stdin.origin:
            words = "lets somebody else control this machine"
            self.notes.note(Kind.CONTROL, f"{self.entry.name} shell", words, self.targets, ANSWERS)
        self._operands()
        if self.stdin.origin >= ENVIRONMENT and any(SECRET_NAME.search(word.text) for word in self.found.operands):
            self.note(Kind.READ, f"{self.entry.name} variables", [self.path(OWN_VARIABLES)])
        for given in self.found.options:
            if given not in early:
                self.option(*given)
        self._written_code()
        self._made()
        kinds = self._kinds()
        if self._copies_away():
            kinds = list(dict.fromkeys(Kind.READ if kind is Kind.WRITE else kind for kind in kinds))
        inner = self._inner()
        for kind in kinds:
            self.note(kind, self.entry.name, self.targets)
        self._unlisted(kinds)
        self._without_command(kinds)
        if self.entry.stdin and not self.coded and not self._has_script():
            self._standard_input()
        silent = before == len(self.notes.actions) + len(self.notes.unknown)
        if self.found.rest is None and (silent or (not kinds and self.targets)):
            self.note(Kind.READ, self.entry.name, self.targets)
        if Kind.WRITE in kinds or self.entry.name in COPIES:
            store(self.notes.files, self.found, self.targets, self.scope, self.stdin)
        output = inner or self._output()
        if self.entry.stdin == "code:shell" and not self.coded and not self._has_script() and not self.dry:
            output = replace(output, origin=output.origin | ANSWERS)
        return output

    def _made(self) -> None:
        """Follow the recipes of a makefile that was written here."""
        if self.entry.name not in MAKES:
            return
        named = [value.text for _, spec, value in self.found.options if spec.takes == "path" and value is not None]
        goals = [word.text for word in self.found.operands if "=" not in word.text]
        for name in named or NAMES:
            for content in self.notes.files.matching(self.path(name).value):
                scope = self.scope.below(content.origin)
                self.programs.shell.script(HOLE if content.text is None else commands_for(content.text, goals), scope)

    def _copies_away(self) -> bool:
        """`scp a host:`: what stays here is only read."""
        last, operands = self.entry.last, self.found.operands
        outward = last is not None and last.kind is Kind.OUTWARD and last.takes == "remote"
        return outward and len(operands) > 1 and REMOTE.match(operands[-1].text) is not None

    def _written_code(self) -> None:
        """`awk -f FILE`, `node -r FILE`: follow a program that was written here and is named by an option."""
        languages = [name for name in (*self.entry.operands[:1], self.entry.stdin) if name.startswith("code:")]
        coded = self.coded
        for _, spec, value in self.found.options if languages else ():
            if value is None or spec.kind is not Kind.RUN_CODE or spec.takes not in {"path", "expression_path"}:
                continue
            for content in self.notes.files.matching(self.path(value.text).value):
                self.made |= content.origin
                self.code(languages[0].removeprefix("code:"), content.text or HOLE)
        self.coded = coded

    def _unlisted(self, kinds: list[Kind]) -> None:
        """An option that nobody has described may make a reading command do anything."""
        if not self.entry.open and set(kinds) <= {Kind.READ}:
            for name in dict.fromkeys(self.found.unlisted):
                self.notes.doubt(f"{self.entry.name}: the option {name} is not listed")

    def _without_command(self, kinds: list[Kind]) -> None:
        """`xargs`, `timeout 5`: what such a program starts is all that it does, and nobody said what that is."""
        wrapper = self.entry.wrapper is not None and not self.entry.alone and not self.dry
        if wrapper and set(kinds) <= {Kind.READ} and not self.coded and not self._has_script():
            self.notes.doubt(f"{self.entry.name}: a command to run is missing")

    def _kinds(self) -> list[Kind]:
        """What the command itself does. A subcommand that no entry lists is judged by its words, or not understood."""
        if self.dry and not self.coded:
            return [Kind.READ]
        extra = [spec.kind for _, spec, _ in self.found.options if spec.kind is not None and not spec.takes]
        kinds = self._main_kinds()
        if "milder" in self.traits or ("listing" in self.traits and not extra):
            kinds = [Kind.READ]
        return list(dict.fromkeys([*kinds, *extra]))

    def _main_kinds(self) -> list[Kind]:
        entry, operands = self.entry, self.found.operands
        if (self.coded or self.stdin.text) and "sql" in self.traits:
            return [Kind.READ] if any(target.kind is TargetKind.PATH for target in self.targets) else []
        if entry.given is not None and entry.given.kind is not None and len(operands) >= entry.given_from:
            return [entry.given.kind]
        if entry.spec.kind is not None and (self.found.matched or not operands or entry.spec.kind is Kind.RUN_CODE):
            inside = (
                kinds_in([word.text for word in operands[:1]], self.notes.catalogue.verbs) if entry.commands else []
            )
            return (
                [entry.spec.kind, *(kind for kind in inside if kind is not Kind.READ)]
                if entry.spec.kind is Kind.READ
                else [entry.spec.kind]
            )
        if self.found.matched and not entry.commands and entry.verbs is None:
            return []
        path = self.found.path[entry.verbs or 0 :]
        anywhere = next((entry.anywhere[word] for word in path if word in entry.anywhere), Spec())
        self.traits |= anywhere.traits
        named = [entry.name] if entry.spec.kind is Kind.UNKNOWN else []
        kinds = self.programs.kinds([*named, *path]) if anywhere.kind is None else [anywhere.kind]
        if not kinds or entry.verbs is None:
            self.notes.doubt(f"{entry.name}: a subcommand that the catalogue does not list")
        grave = entry.spec.kind not in PLAIN and set(kinds) != {Kind.READ}
        own = [entry.spec.kind] if grave and entry.spec.kind is not None else []
        return [*own, *kinds]

    def _operands(self) -> None:
        types = self.entry.operands
        if self.coded and types and types[0].startswith(("code:", "expression", "script")):
            types = types[1:]
        operands = list(self.found.operands)
        last = operands.pop() if self.entry.last is not None and len(operands) > 1 else None
        for index, word in enumerate(operands):
            name, equals, value = word.text.partition("=")
            if equals and self.entry.assign.get(name):
                self.option(name, self.entry.assign[name], Word(value, word.glob))
            else:
                self.targets.extend(self.value(types[min(index, len(types) - 1)] if types else "", word))
        if last is not None and self.entry.last is not None:
            self.option("to", self.entry.last, last)

    def _has_script(self) -> bool:
        """Tell whether what runs stands elsewhere: in a file that is named, or on the command line."""
        if self.found.commands or self.found.rest is not None:
            return True
        scripted = self.entry.operands[:1] == ("script",) and "stdin" not in self.traits
        return scripted and bool(self.found.operands) and self.found.operands[0].text != "-"

    def _standard_input(self) -> None:
        if self.stdin.text:
            self.code(self.entry.stdin.removeprefix("code:"), self.stdin.text)
        elif not self.dry:
            if self.stdin.piped:
                self.notes.doubt(f"{self.entry.name}: code that comes in from another program")
            self.traits |= self.stdin.origin
            note_control(self.notes, self.entry.name, self.stdin.origin)
            self.note(Kind.RUN_CODE, f"{self.entry.name} input", ())

    def _inner(self) -> Stream | None:
        """Follow the command lines inside this one."""
        for command in self.found.commands:
            root = next((word.text for word in self.found.operands), ".")
            self.programs.run(
                [Word(word.text.replace("{}", f"{root}/*"), word.glob or "{}" in word.text) for word in command],
                self.scope.copy(),
                NOTHING,
            )
        for word in self.found.assignments:
            name, _, value = word.text.partition("=")
            self.programs.variable(name.rstrip("+"), value, self._inside())
        if self.found.rest is None:
            return None
        scope = self._inside()
        scope.traits |= self.made
        rest = [*self.found.rest]
        if self.found.assignments and rest[:1] == [Word("--")]:
            del rest[0]
        if self.entry.stream == "given":
            self._injected(rest)
        if self.entry.joined and self.entry.stdin not in {"", "code:shell"}:
            self.code(self.entry.stdin.removeprefix("code:"), " ".join(word.text for word in rest))
            return Stream()
        if self.entry.joined:
            if self.entry.stream == "same":
                scope = replace(self.scope, traits=scope.traits)
            return self.programs.shell.script(" ".join(word.text for word in rest), scope, self.stdin)
        if self.entry.stream == "given":
            rest = self._given(rest)
        return self.programs.run(rest, scope, self.stdin, self.made)

    def _inside(self) -> Scope:
        """Return the scope of what this command starts: as another user, on another machine, in a container."""
        scope = self.scope.copy()
        scope.traits |= self.traits & {"privileged", "remote", "container"}
        if "remote" in scope.traits:
            scope.cwd = HOLE
        return scope

    def _injected(self, rest: list[Word]) -> None:
        """`xargs sh -c`: what is handed over would be the code itself."""
        entry = self.notes.catalogue.program(rest[0].text.rpartition("/")[2]) if rest else None
        if rest and (entry is None or not entry.stdin):
            return
        found = read(entry, rest[1:], {}) if entry is not None else None
        codes = [value for _, spec, value in found.options if spec.takes.startswith("code:")] if found else []
        marks = {value.text for _, spec, value in self.found.options if "replace" in spec.traits and value} | {"{}"}
        whole = not found or not (codes or found.operands) or any(not code or code.text in marks for code in codes)
        if whole and (rest or self.entry.joined):
            self.traits |= {"evasive"}
            self.note(Kind.RUN_CODE, f"{self.entry.name} code", ())

    def _given(self, rest: list[Word]) -> list[Word]:
        """Add what the standard input hands over to the words of `xargs`."""
        static = self.stdin.text if self.stdin.piped else None
        given = [Word(text) for text in static.split()] if static else [Word(GIVEN)]
        marks = {value.text for _, spec, value in self.found.options if "replace" in spec.traits and value} | {"{}"}
        if any(mark in word.text for mark in marks for word in rest):
            text = " ".join(word.text for word in given)
            for mark in marks:
                rest = [Word(word.text.replace(mark, text), word.glob) for word in rest]
            return rest
        return rest + given

    def _output(self) -> Stream:
        if self.entry.name in TEES:
            return self.stdin
        match self.entry.stream:
            case "echo":
                return Stream(None, self.made)
            case "cat":
                return self._copied()
            case "changed":
                return Stream(None, self._copied().origin)
            case "decode":
                decoded = {"decoded"} if "decode" in self.traits else frozenset[str]()
                return Stream(None, self.stdin.origin | decoded)
            case "download":
                return Stream(None, self.stdin.origin | {"downloaded"})
            case "environment":
                return Stream(None, self.stdin.origin | self._environment())
            case "names":
                words = [word.text for word in self.found.operands if word.known and not word.glob]
                return Stream("\n".join([*words, ""]) if words else None)
            case "directory":
                moves = [word.text for word in self.found.operands] or ["~"]
                self.scope.cwd = HOLE if HOLE in moves[0] or moves[0] == "-" else self.path(moves[0]).value
                return NOTHING
            case _:
                return Stream(None, self.stdin.origin)

    def _environment(self) -> frozenset[str]:
        """What prints all variables, or a secret one, hands on what is secret; `export NAME=value` prints none."""
        secret = any(SECRET_NAME.search(word.text) for word in self.found.operands)
        printing = not self.found.operands or (secret and self.entry.operands == ("variable",))
        return ENVIRONMENT if printing else frozenset()

    def _copied(self) -> Stream:
        if not self.found.operands:
            return self.stdin if self.stdin.piped else Stream()
        found = [self.notes.files.read(self.path(word.text).value) or UNKNOWN for word in self.found.operands]
        texts = [content.text for content in found]
        origin = self.stdin.origin.union(*(content.origin for content in found))
        return Stream(None if None in texts else "".join(filter(None, texts)), origin)
