"""One simple command: how its name is spelled, what it changes in the shell itself, and then what `programs` says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, Protocol

from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE
from safety_core.classify.shell.judged import ENVIRONMENT
from safety_core.classify.shell.options import read
from safety_core.classify.shell.printing import SILENT, echoed, formatted, hides, turned
from safety_core.classify.shell.programs import Programs
from safety_core.classify.shell.scope import NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.spelling import CODED, PIECED
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind

_POWERSHELL: Final = re.compile(r"[A-Z][a-z]+-[A-Z][A-Za-z]+")
_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PAIR: Final = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)", re.DOTALL | re.ASCII)
_SUBSCRIPT: Final = re.compile(r"\w\[.*(?:\$\(|`|\$\{)", re.DOTALL)
_PRINTING: Final = frozenset({"-p", "-x", "-px", "-xp"})
"""Options with which `export` and its like print variables, where no name follows."""

_DECLARING: Final = frozenset({"declare", "typeset", "local", "export", "readonly"})
_READ_VALUED: Final = re.compile(r"-[A-Za-z]*[adnNptui]")
_LINES_VALUED: Final = re.compile(r"-[A-Za-z]*[dnOsuCc]")
_PROMPTS: Final = frozenset({"PS0", "PS1", "PS2", "PS4", "PROMPT", "RPROMPT"})
_STANDARD_INPUT: Final = frozenset({"/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_LOG_IN: Final = frozenset(
    {"ssh", "dbclient", "su", "runuser", "sudo", "doas", "chroot", "nsenter", "unshare", "newgrp", "sg", "machinectl"}
)
"""Programs that start a shell where no command is given, which reads its commands from the standard input."""
_PLAIN_OPTIONS: Final = frozenset("xrgpaAfF")
"""Options of `declare` that leave a value what it is; `-i`, `-l`, `-n` do not."""

_EXPANDING: Final = frozenset(
    {"test", "[", "printf", "read", "unset", "let", "mapfile", "readarray", "wait", "getopts"}
)
"""Builtins that take names of variables, whose subscripts they expand once more: `test -v 'a[$(id)]'`."""


class Reader(Protocol):
    """What is needed of the one that reads scripts."""

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow a script."""

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function that the script defined."""

    def run_in_text(self, text: str, scope: Scope) -> None:
        """Run the substitutions in a text that the shell expands once more."""


class Commands(Programs):
    """Judges simple commands as a shell would run them."""

    def __init__(self, notes: Notes, shell: Reader) -> None:
        super().__init__(notes, shell)
        self.reader = shell
        self._builtins: dict[str, Callable[[list[Word], Scope, Stream], None]] = {
            **dict.fromkeys(_DECLARING, self._declare),
            "set": self._set,
            "shift": self._shift,
            "read": self._read,
            "mapfile": self._read_lines,
            "readarray": self._read_lines,
            "printf": self._print_into,
            "getopts": self._options,
            "unset": self._unset,
            "let": self._let,
            "alias": self._alias,
            "unalias": self._unalias,
            "hash": self._hash,
            "trap": self._trap,
        }

    def run(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str] = frozenset()) -> Stream:
        """Judge one command; the reply is what it prints, where that is static."""
        if not words:
            return super().run(words, scope, stdin, made)
        name, arguments = words[0].text, list(words[1:])
        base = name.rpartition("/")[2]
        self._spelled(words, scope)
        if name in scope.aliases:
            self._aliased(name, arguments, scope, stdin)
        builtin = self._builtins.get(base)
        if builtin is not None and name not in scope.functions:
            builtin(arguments, scope, stdin)
        if base in _EXPANDING:
            for word in arguments:
                if _SUBSCRIPT.search(word.text):
                    self.reader.run_in_text(word.text, scope)
        self._fed(base, arguments, scope, stdin)
        if base in _DECLARING or base == "unset":
            self.notes.note(Kind.READ, "variable", "sets a variable for this command")
            printing = base in _DECLARING and all(word.text in _PRINTING for word in arguments)
            return Stream(origin=ENVIRONMENT) if printing else NOTHING
        output = self._shadowed(words, scope, stdin, made)
        return output if name in scope.functions else self._printed(base, arguments, stdin, made, output, scope.cwd)

    def _shadowed(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str]) -> Stream:
        """A function may hide a listed program, if it is really defined: both are judged.

        What it prints may be anything, and not what a reader takes the program to print.
        """
        name = words[0].text
        output = super().run(words, scope, stdin, made)
        if name in scope.functions and self.notes.catalogue.program(name) is not None:
            plain = scope.copy()
            del plain.functions[name]
            super().run(words, plain, stdin, made)
            return Stream(None, output.origin | {"decoded"})
        return output

    def _printed(
        self,
        name: str,
        arguments: Sequence[Word],
        stdin: Stream,
        made: frozenset[str],
        output: Stream,
        folder: str,
    ) -> Stream:
        """Know what is printed where the catalogue only says that something is."""
        if output.text is not None:
            return output
        match name:
            case "echo":
                return Stream(echoed(arguments), output.origin | made)
            case "printf" | "gprintf":
                words = [word for word in arguments if word.text != "--"]
                text = None if words and words[0].text == "-v" else formatted(words)
                return Stream(text, output.origin | made)
            case "pwd" | "gpwd" if HOLE not in folder:
                return Stream(f"{folder}\n", output.origin)
            case _ if name in SILENT:
                return Stream("", output.origin)
            case _:
                origin = output.origin | ({"decoded"} if hides(name, arguments) else frozenset())
                text = turned(name, stdin.text, arguments) if stdin.text else None
                return Stream(text, origin)

    def _spelled(self, words: Sequence[Word], scope: Scope) -> None:
        name = words[0]
        base = name.text.rpartition("/")[2]
        if name.spelling == CODED or (name.glob and (name.text.startswith("/") or "/" not in name.text)):
            hidden = "runs a program whose name is hidden from readers"
            if not name.text.startswith("[") or len(name.text) > 2:  # `[` is a program, and no pattern
                self.notes.note(Kind.RUN_CODE, "hidden program", hidden, (), scope.traits | {"evasive"})
        elif name.spelling == PIECED or (name.glob and "/" in name.text):
            self.notes.doubt("a program whose name is put together out of pieces")
        if any(word.spelling == CODED for word in words[1:]):
            coded = "hides words from readers: their letters are written as numbers"
            self.notes.note(Kind.RUN_CODE, "hidden words", coded, (), scope.traits | {"evasive"})
        if _POWERSHELL.fullmatch(base):
            self.notes.doubt("a command of PowerShell, which reads the line in its own way")

    def variable(self, name: str, value: str, scope: Scope) -> None:
        """Judge a variable that is set: some make other programs run code, and prompts run what stands in them."""
        super().variable(name, value, scope)
        if name in _PROMPTS:
            self.reader.run_in_text(value, scope)

    def _fed(self, base: str, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        """Follow text on its way into a program: by the name of a file, or as commands where none are given."""
        if not stdin.piped:
            return
        for word in arguments:
            if word.text in _STANDARD_INPUT:
                self.notes.files.write(word.text, stdin.text, stdin.origin)
        entry = self.notes.catalogue.program(base) if base in _LOG_IN and stdin.text else None
        if entry is None or not stdin.text:
            return
        found = read(entry, arguments, self.notes.catalogue.options(entry))
        if found.rest is None and not any(spec.takes.startswith("code:") for _, spec, _ in found.options):
            self.reader.script(stdin.text, scope.below(entry.spec.traits), stdin)

    def _aliased(self, name: str, arguments: Sequence[Word], scope: Scope, stdin: Stream) -> None:
        """Shells differ on whether aliases count in scripts: the alias and the plain name are judged."""
        inner = scope.copy()
        text = inner.aliases.pop(name)
        self.reader.script(" ".join([text, *(_quoted(word.text) for word in arguments)]), inner, stdin)

    def _declare(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        """`declare -i`, `-l`, `-n` and their like change what a value means."""
        options = "".join(word.text[1:] for word in arguments if re.fullmatch(r"[-+][A-Za-z]+", word.text))
        changing = bool(set(options) - _PLAIN_OPTIONS)
        for word in arguments:
            pair = _PAIR.fullmatch(word.text)
            if pair is None:
                if "[" in word.text:
                    self._subscripted(word.text, scope)
                elif _NAME.fullmatch(word.text) and changing:
                    scope.set(word.text, HOLE)
                continue
            name, appended, value = pair.groups()
            if "i" in options:
                self.reader.run_in_text(value, scope)
            old = scope.value(name)
            whole = (HOLE if old is None else old) + value if appended else value
            self.variable(name, whole, scope)
            scope.set(name, HOLE if changing else whole)

    def _subscripted(self, text: str, scope: Scope) -> None:
        if _SUBSCRIPT.search(text):
            self.reader.run_in_text(text, scope)
        scope.set(text.partition("[")[0], HOLE)

    def _set(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        texts = [word.text for word in arguments]
        if "--" in texts:
            scope.bind(tuple(texts[texts.index("--") + 1 :]))
        elif texts and not texts[0].startswith(("-", "+")):
            scope.bind(tuple(texts))
        elif any(not text.startswith(("-", "+")) for text in texts) and "-o" not in texts and "+o" not in texts:
            scope.bind((HOLE,) * 9)

    def _shift(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        count = arguments[0].text if arguments else "1"
        given = scope.arrays["@"]
        scope.bind(given[int(count) :] if re.fullmatch(r"\d{1,4}", count) else (HOLE,) * 9)

    def _read(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        names, array = _names(arguments)
        text = stdin.text
        line = None if text is None or HOLE in text else text.partition("\n")[0].strip(" \t")
        if array:
            scope.set_all(array, (HOLE,) * 9 if line is None else tuple(line.split()))
        names = names or ([] if array else ["REPLY"])
        for name in [*names, *([array] if array else [])]:
            scope.origins[name] = stdin.origin
        options = {word.text for word in arguments if word.text.startswith("-") and word.text not in {"-r", "-a"}}
        if line is None or options or scope.variables.get("IFS") != " \t\n":
            for name in names:
                scope.set(name, HOLE)
            return
        pieces = line.split(None, len(names) - 1) if len(names) > 1 else [line]
        for name, piece in zip(names, [*pieces, *[""] * len(names)], strict=False):
            scope.set(name, piece)

    def _read_lines(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        names = _operands(arguments, _LINES_VALUED)
        lines = (HOLE,) * 9 if stdin.text is None else tuple(stdin.text.splitlines())
        name = names[-1] if names else "MAPFILE"
        scope.set_all(name, lines)
        scope.origins[name] = stdin.origin
        for option, value in pairwise(arguments):
            if option.text == "-C":
                self.reader.script(value.text, scope.copy(), NOTHING)

    def _print_into(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        if len(arguments) > 1 and arguments[0].text == "-v":
            rest = [word for word in arguments[2:] if word.text != "--"]
            text = formatted(rest)
            scope.set(arguments[1].text.partition("[")[0], HOLE if text is None else text)

    def _options(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        for name in [word.text for word in arguments[1:2]] + ["OPTARG"]:
            scope.set(name, HOLE)

    def _unset(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        for word in arguments:
            if not word.text.startswith("-"):
                name = word.text.partition("[")[0]
                spec = self.notes.catalogue.variables.get(name)
                if spec is not None and spec.kind is Kind.CONTROL:
                    self.variable(name, "", scope)
                scope.drop(name)
                scope.functions.pop(word.text, None)

    def _let(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        for word in arguments:
            for name in _NAME.findall(word.text):
                scope.set(name, HOLE)

    def _alias(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        for word in arguments:
            name, equals, text = word.text.partition("=")
            if equals:
                scope.aliases[name] = text

    def _unalias(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        for word in arguments:
            scope.aliases.pop(word.text, None)

    def _trap(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        """What runs later sees the variables, functions and parameters of the shell itself."""
        given = arguments[1:] if arguments and arguments[0].text == "--" else arguments
        for word in given[:1]:
            if not word.text.startswith("-"):
                self.reader.script(word.text, scope.copy(), NOTHING)

    def _hash(self, arguments: list[Word], scope: Scope, stdin: Stream) -> None:
        """`hash -p path name`: the name starts another program from here on."""
        texts = [word.text for word in arguments]
        if "-p" in texts[:-2]:
            path, name = texts[texts.index("-p") + 1 :][:2]
            self.notes.note(Kind.RUN_CODE, "hash", "gives a program the name of another", (), scope.traits)
            scope.aliases[name] = _quoted(path)


def _names(arguments: Sequence[Word]) -> tuple[list[str], str]:
    """Return the variables that `read` fills, and the array behind `-a`."""
    arrays = [value.text for option, value in pairwise(arguments) if re.fullmatch(r"-[A-Za-z]*a", option.text)]
    return _operands(arguments, _READ_VALUED), "".join(arrays[:1])


def _operands(arguments: Sequence[Word], valued: re.Pattern[str]) -> list[str]:
    """Return the names of variables among the arguments; the last letter of `valued` options takes a value."""
    names: list[str] = []
    queue = [word.text for word in arguments]
    while queue:
        text = queue.pop(0)
        if valued.fullmatch(text):
            del queue[:1]
        elif not text.startswith("-"):
            names.append(text.partition("[")[0])
    return names


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
