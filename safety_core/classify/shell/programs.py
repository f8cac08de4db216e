"""One simple command -> actions. Wrappers are unwound, code is handed to its reader."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Final, Protocol

from safety_core.classify.catalogue import Entry, Spec
from safety_core.classify.code import code_notes
from safety_core.classify.names import kinds_in, words_of
from safety_core.classify.network import carries_data, host_target, recipient_target, url_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import GIVEN, HOLE, path_target
from safety_core.classify.shell.options import Invocation, read
from safety_core.classify.shell.scope import NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Action, Kind, Target, TargetKind, Zone

STANDARD_FOLDERS: Final = frozenset(
    {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin", "/snap/bin"}
)
REMOTE: Final = re.compile(r"(?:[\w.-]+@)?([\w.-]+|\[[0-9a-f:]+\]):(?!\\)")
HELP: Final = frozenset({"--help", "--version"})
_EVERYDAY: Final = frozenset({Kind.CONTROL, Kind.PERMISSION, Kind.CREDENTIAL, Kind.RUN_CODE, Kind.UNKNOWN})
"""Effects of programs whose names are everyday words (`init`, `at`, `pass`), which do not show that a wrapper precedes them."""

TAIL: Final = 4
"""Words of an unlisted program among which a listed one is sought: it may be a wrapper."""


class Reader(Protocol):
    """What this module needs of the one that reads scripts."""

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow a script."""

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function that the script defined."""


class Programs:
    """Judges simple commands; what they do goes into the notes."""

    def __init__(self, notes: Notes, shell: Reader) -> None:
        self.notes = notes
        self.shell = shell

    def run(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str] = frozenset()) -> Stream:
        """Judge one command; the reply is what it prints, where that is static.

        Args:
            made: origins of the text that substitutions put into `words`.
        """
        if not words or not self.notes.spend():
            return NOTHING
        name, arguments = words[0].text, words[1:]
        if not words[0].known or not name or GIVEN in name:
            return self._hidden(arguments, scope, stdin, made)
        if name in scope.functions:
            return self.shell.call(name, tuple(word.text for word in arguments), scope, stdin)
        folder, slash, base = name.rpartition("/")
        if slash and folder not in STANDARD_FOLDERS:
            self._own_program(name, arguments, scope, stdin)
        entry = self.notes.catalogue.program(base.lower() if base.isupper() else base)
        if entry is None:
            return NOTHING if slash else self._unlisted(base, arguments, scope, stdin)
        invocation = read(entry, arguments, self.notes.catalogue.options)
        if any(word.text in HELP for word in arguments) and not _carries_code(invocation.entry):
            self.notes.note(Kind.READ, f"{base} help", "shows how a program is used")
            return Stream()
        return _Judgement(self, invocation, scope, stdin, made).run()

    def variable(self, name: str, value: str, scope: Scope) -> None:
        """Judge a variable that is set: some make other programs run code."""
        spec = self.notes.catalogue.variables.get(name)
        if spec is not None:
            judgement = _Judgement(self, Invocation(Entry(name, words="changes how programs start")), scope, TERMINAL, frozenset())
            judgement.option(name, spec, Word(value))

    def _hidden(self, arguments: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str]) -> Stream:
        self.notes.doubt("a program that is known only when the command runs")
        self.notes.note(Kind.RUN_CODE, "hidden program", "runs a program that cannot be named beforehand", (), scope.traits | made)
        return self._tail(arguments, scope, stdin)

    def _own_program(self, name: str, arguments: Sequence[Word], scope: Scope, stdin: Stream) -> None:
        target = path_target(name, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
        self.notes.note(Kind.RUN_CODE, "script", "runs a program or script of its own", (target,), scope.traits)
        text = self.notes.files.get(target.value)
        if text is not None:
            self.shell.script(text, scope.below(arguments=tuple(word.text for word in arguments)), stdin)

    def _unlisted(self, base: str, arguments: Sequence[Word], scope: Scope, stdin: Stream) -> Stream:
        self.notes.doubt(f"{base}: a program that the catalogue does not list")
        path = [base, *(word.text for word in arguments[:3] if not word.text.startswith("-"))]
        for kind in self.kinds(path):
            if kind is not Kind.READ:
                self.notes.note(kind, base, self.notes.catalogue.verb_words.get(kind, ""), (), scope.traits)
        return self._tail(arguments, scope, stdin)

    def kinds(self, path: Sequence[str]) -> list[Kind]:
        """Return what the words of a subcommand say. What it is about makes a change graver: `token create`."""
        catalogue = self.notes.catalogue
        words = {word for name in path for word in words_of(name)}
        kinds = kinds_in((name for name in path if name not in catalogue.nouns), catalogue.verbs)
        nouns = [catalogue.nouns[word] for word in words if word in catalogue.nouns] if set(kinds) - {Kind.READ} else []
        return list(dict.fromkeys([*kinds, *sorted(set(nouns) & {Kind.CREDENTIAL, Kind.PERMISSION})]))

    def _tail(self, arguments: Sequence[Word], scope: Scope, stdin: Stream) -> Stream:
        for index, word in enumerate(arguments[:TAIL]):
            entry = self.notes.catalogue.program(word.text.rpartition("/")[2]) if word.known else None
            if entry is not None and entry.spec.kind not in _EVERYDAY:
                self.run(arguments[index:], scope.copy(), stdin)
                break
        return Stream()


def _carries_code(entry: Entry) -> bool:
    return entry.wrapper is not None or entry.spec.kind is Kind.RUN_CODE


class _Judgement:
    """One command that the catalogue lists."""

    def __init__(self, programs: Programs, found: Invocation, scope: Scope, stdin: Stream, made: frozenset[str]) -> None:
        self.programs = programs
        self.notes = programs.notes
        self.found = found
        self.entry = found.entry
        self.scope = scope
        self.stdin = stdin
        self.made = made
        self.dry = self.entry.spec.dry or any(spec.dry for _, spec, _ in found.options)
        given = (spec.traits for _, spec, _ in found.options)
        self.traits = scope.traits | self.entry.spec.traits.union(*given)
        self.targets: list[Target] = []
        self.coded = False
        self.addresses: list[str] = []

    def run(self) -> Stream:
        """Note everything the command does; the reply is what it prints."""
        before = len(self.notes.actions) + len(self.notes.unknown)
        early = [given for given in self.found.options if given[1].takes.startswith(("directory", "code:", "expression"))]
        for name, spec, value in early:
            if spec.takes == "directory" and value is not None:
                self.scope = self.scope.copy()
                self.scope.cwd = self._path(value.text).value
            self.option(name, spec, value)
        self._operands()
        for given in self.found.options:
            if given not in early:
                self.option(*given)
        kinds = self._kinds()
        inner = self._inner()
        for kind in kinds:
            self._note(kind, self.entry.name, self.targets)
        if self.entry.stdin and not self.coded and not self._has_script():
            self._standard_input()
        if before == len(self.notes.actions) + len(self.notes.unknown) and self.found.rest is None:
            self._note(Kind.READ, self.entry.name, self.targets)
        return inner or self._output()

    def _kinds(self) -> list[Kind]:
        """What the command itself does. A subcommand that no entry lists is judged by its words, or not understood."""
        if self.dry:
            return [Kind.READ]
        extra = [spec.kind for _, spec, _ in self.found.options if spec.kind is not None and not spec.takes]
        kinds = self._main_kinds()
        if "milder" in self.traits or ("listing" in self.traits and not extra):
            kinds = [Kind.READ]
        return list(dict.fromkeys([*kinds, *extra]))

    def _main_kinds(self) -> list[Kind]:
        entry, operands = self.entry, self.found.operands
        if self.coded and "sql" in self.traits:
            return []
        if entry.given is not None and entry.given.kind is not None and len(operands) >= entry.given_from:
            return [entry.given.kind]
        if entry.spec.kind is not None and (self.found.matched or not operands or entry.spec.kind is Kind.RUN_CODE):
            inside = kinds_in([word.text for word in operands[:1]], self.notes.catalogue.verbs) if entry.commands else []
            return [entry.spec.kind, *(kind for kind in inside if kind is not Kind.READ)] if entry.spec.kind is Kind.READ else [entry.spec.kind]
        if self.found.matched and not entry.commands and entry.verbs is None:
            return []
        named = [entry.name] if entry.spec.kind is Kind.UNKNOWN else []
        kinds = self.programs.kinds([*named, *self.found.path[entry.verbs or 0 :]])
        if not kinds or entry.verbs is None:
            self.notes.doubt(f"{entry.name}: a subcommand that the catalogue does not list")
        return kinds

    def _note(self, kind: Kind, form: str, targets: Sequence[Target]) -> None:
        """Note one effect. Reaching only this machine is no reaching outside."""
        hosts = [target for target in targets if target.kind is TargetKind.HOST]
        if kind is Kind.OUTWARD and hosts and all(host.zone is Zone.LOCAL for host in hosts):
            kind = Kind.WRITE
        words = self.entry.words if kind is self.entry.spec.kind else ""
        words = words or self.notes.catalogue.verb_words.get(kind, "") or self.entry.words
        traits = self.traits | (self.made if kind is Kind.RUN_CODE else frozenset())
        self.notes.act(Action(kind, self.entry.name.partition(" ")[0], form, tuple(targets), traits, words))

    def option(self, name: str, spec: Spec, value: Word | None) -> None:
        """Judge one option that was given with a value."""
        if not spec.takes or value is None:
            return
        targets = self._value(spec.takes, value)
        if spec.kind is None or self.dry:
            self.targets.extend(targets)
        else:
            hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
            self._note(spec.kind, f"{self.entry.name} {name}", [*targets, *(hosts if spec.kind is Kind.OUTWARD else [])])

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
                self.targets.extend(self._value(types[min(index, len(types) - 1)] if types else "", word))
        if last is not None and self.entry.last is not None:
            self.option("to", self.entry.last, last)

    def _value(self, takes: str, word: Word) -> list[Target]:
        """Return what a value of this type names, and follow the code in it."""
        text = word.text
        if word.glob and takes in {"path", "remote"}:
            self.traits |= {"wildcard"}
        if HOLE in text and takes not in {"text", "script", "expression"} and not takes.startswith("code:"):
            self.notes.doubt(f"{self.entry.name}: a value that is known only when the command runs")
        if takes.startswith("code:"):
            self._code(takes.removeprefix("code:"), text)
            return []
        reader = getattr(self, f"_read_{takes}", None)
        return reader(text) if reader is not None else []

    def _read_path(self, text: str) -> list[Target]:
        return [self._path(text)]

    def _read_url(self, text: str) -> list[Target]:
        target = url_target(text)
        self.addresses.append(text)
        if carries_data(text) and "container" not in self.traits:
            self._note(Kind.OUTWARD, f"{self.entry.name} query", [target])
        return [target]

    def _read_host(self, text: str) -> list[Target]:
        return [host_target(text)]

    def _read_nethost(self, text: str) -> list[Target]:
        if HOLE in text:
            self._note(Kind.OUTWARD, f"{self.entry.name} name", [host_target(text.lstrip("@+"))])
        return [host_target(text.lstrip("@+"))]

    def _read_remote(self, text: str) -> list[Target]:
        match = REMOTE.match(text)
        if match is None:
            return [url_target(text)] if "://" in text else [self._path(text)]
        if "outward" not in self.traits:
            self.traits |= {"outward"}
            self._note(Kind.OUTWARD, f"{self.entry.name} remote", [host_target(match[1])])
        return [host_target(match[1])]

    def _read_gitremote(self, text: str) -> list[Target]:
        if "://" in text:
            return [url_target(text)]
        match = REMOTE.match(text)
        return [host_target(match[1])] if match else [recipient_target(text)]

    def _read_recipient(self, text: str) -> list[Target]:
        return [recipient_target(text)]

    def _read_data(self, text: str) -> list[Target]:
        return [Target(TargetKind.DATA, text)]

    def _read_upload(self, text: str) -> list[Target]:
        _, mark, path = text.replace("=<", "=@").rpartition("@")
        if not mark or path in {"", "-"} or any(sign in path for sign in " {}"):
            return []
        target = self._path(path.partition(";")[0])
        self._note(Kind.READ, f"{self.entry.name} file", [target])
        return [target]

    def _read_outfile(self, text: str) -> list[Target]:
        if text == "-":
            self.traits |= {"milder"}
            return []
        self._note(Kind.WRITE, f"{self.entry.name} output", [self._path(text)])
        return []

    def _read_expression(self, text: str) -> list[Target]:
        self.coded = True
        return []

    def _read_mode(self, text: str) -> list[Target]:
        """`modest`: the mode lets nobody write who could not, and starts nothing with another's rights."""
        numeric = re.fullmatch(r"0?[0-7]{3}", text) is not None and text[-1] not in "2367"
        if numeric or re.fullmatch(r"([ugo]*[-=+][rwxX]*,?)+", text) and not re.search(r"(^|,)[ug]*o[uga]*[+=]r?w", text):
            self.traits |= {"modest"}
        return []

    def _read_method(self, text: str) -> list[Target]:
        kind = self.notes.catalogue.methods.get(text.upper(), Kind.OUTWARD)
        hosts = [target for target in self.targets if target.kind is TargetKind.HOST]
        self.traits |= {"method"}
        if kind is not Kind.READ:
            self._note(Kind.OUTWARD, f"{self.entry.name} {text.upper()}", hosts)
        deleting = Kind.DESTROY in kinds_in(re.split(r"[/?&=]", " ".join(self.addresses)), self.notes.catalogue.verbs)
        if kind is Kind.DESTROY or (deleting and kind is not Kind.READ):
            self._note(Kind.DESTROY, f"{self.entry.name} {text.upper()}", hosts)
        return []

    def _read_field(self, text: str) -> list[Target]:
        """A field makes a request a sending one, unless its method says otherwise."""
        methods = [value.text.upper() for _, spec, value in self.found.options if spec.takes == "method" and value]
        if "GET" not in methods:
            self._note(Kind.OUTWARD, f"{self.entry.name} field", [])
        return []

    def _read_httpie(self, text: str) -> list[Target]:
        if text.isupper() and text.isalpha():
            return self._read_method(text)
        if re.match(r"[\w.-]+(:=|=@|=(?!=)|@)", text):
            self._note(Kind.OUTWARD, f"{self.entry.name} field", self.targets)
            return []
        return self._read_url(text) if not self.targets else []

    def _read_mount(self, text: str) -> list[Target]:
        """A folder of this machine that a container may change."""
        source = re.search(r"(?:^|(?:source|src)=)([/~][^:,]*|\.[^:,]*)(?=[:,]|$)", text)
        if source is None or text.endswith(":ro"):
            return []
        self._note(Kind.WRITE, f"{self.entry.name} volume", [self._path(source[1])])
        return []

    def _path(self, text: str) -> Target:
        return path_target(text, self.scope.cwd, self.notes.workspace, self.notes.catalogue.paths)

    def _read_script(self, text: str) -> list[Target]:
        if text == "-":
            return []
        self.coded = True
        target = self._path(text)
        content = self.notes.files.get(target.value)
        if HOLE in text:
            self.notes.doubt(f"{self.entry.name}: a script that is known only when the command runs")
        if content is not None:
            self._code(self.entry.stdin.removeprefix("code:"), content)
        elif not self.dry:
            self._note(Kind.RUN_CODE, f"{self.entry.name} script", [target])
        return []

    def _code(self, language: str, text: str) -> None:
        self.coded = True
        if language == "shell":
            arguments = tuple(word.text for word in self.found.operands[1:])
            same = self.entry.wrapper is not None or self.entry.stream == "same"
            traits = self.traits - self.scope.traits
            self.programs.shell.script(text, self.scope if same else self.scope.below(traits, arguments), self.stdin)
            return
        for command in code_notes(self.notes, language, text, self.entry.name, self.traits):
            self.programs.shell.script(command, self.scope.below(), NOTHING)

    def _has_script(self) -> bool:
        return bool(self.found.operands) and self.found.operands[0].text != "-" and "stdin" not in self.traits

    def _standard_input(self) -> None:
        if self.stdin.text:
            self._code(self.entry.stdin.removeprefix("code:"), self.stdin.text)
        elif not self.dry:
            if self.stdin.piped:
                self.notes.doubt(f"{self.entry.name}: code that comes in from another program")
            self.traits |= self.stdin.origin
            self._note(Kind.RUN_CODE, f"{self.entry.name} input", ())

    def _inner(self) -> Stream | None:
        """Follow the command lines inside this one."""
        for command in self.found.commands:
            root = next((word.text for word in self.found.operands), ".")
            self.programs.run([Word(word.text.replace("{}", f"{root}/*"), word.glob or "{}" in word.text) for word in command], self.scope.copy(), NOTHING)
        for word in self.found.assignments:
            name, _, value = word.text.partition("=")
            self.programs.variable(name.rstrip("+"), value, self.scope)
        if self.found.rest is None:
            return None
        scope = self.scope.copy()
        scope.traits |= self.traits & {"privileged", "remote", "container"}
        if "remote" in scope.traits:
            scope.cwd = HOLE
        rest = [*self.found.rest]
        if self.entry.joined:
            self.scope = self.scope if self.entry.stream == "same" else scope
            text = " ".join(word.text for word in rest)
            return self.programs.shell.script(text, self.scope, self.stdin)
        if self.entry.stream == "given":
            rest = self._given(rest)
        return self.programs.run(rest, scope, self.stdin, self.made)

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
        match self.entry.stream:
            case "echo":
                texts = [word.text for word in self.found.operands]
                known = all(word.known and not word.glob for word in self.found.operands)
                return Stream(" ".join(texts) + "\n" if known else None, self.made)
            case "cat":
                return self._copied()
            case "decode":
                return self._decoded()
            case "download":
                return Stream(None, self.stdin.origin | {"downloaded"})
            case "directory":
                moves = [word.text for word in self.found.operands] or ["~"]
                self.scope.cwd = HOLE if HOLE in moves[0] or moves[0] == "-" else self._path(moves[0]).value
                return NOTHING
            case _:
                return Stream(None, self.stdin.origin)

    def _copied(self) -> Stream:
        if not self.found.operands:
            return self.stdin if self.stdin.piped else Stream()
        texts = [self.notes.files.get(self._path(word.text).value) for word in self.found.operands]
        return Stream(None if None in texts else "".join(filter(None, texts)), self.stdin.origin)

    def _decoded(self) -> Stream:
        if "decode" not in self.traits:
            return Stream(None, self.stdin.origin)
        text = None
        if self.entry.name == "base64" and self.stdin.text:
            try:
                text = base64.b64decode("".join(self.stdin.text.split()), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                text = None
        return Stream(text, self.stdin.origin | {"decoded"})
