"""One simple command -> actions: which program it is, listed or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from safety_core.classify.catalogue import Entry
from safety_core.classify.files import Content
from safety_core.classify.names import kinds_in, words_of
from safety_core.classify.notes import Notes
from safety_core.classify.paths import GIVEN, HOLE, path_target
from safety_core.classify.shell.judged import Reader, note_control
from safety_core.classify.shell.judgement import Judgement
from safety_core.classify.shell.options import Invocation, read
from safety_core.classify.shell.scope import NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind, Target

STANDARD_FOLDERS: Final = frozenset(
    {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin", "/snap/bin"}
)
_EVERYDAY: Final = frozenset({Kind.CONTROL, Kind.PERMISSION, Kind.CREDENTIAL, Kind.RUN_CODE, Kind.UNKNOWN})
"""Effects of programs whose names are everyday words (`init`, `pass`) and do not show that a wrapper precedes them."""

_INTERPRETER: Final = re.compile(r"#![ \t]*((?:" + "|".join(map(re.escape, STANDARD_FOLDERS)) + r")/[^/\s][^\n]*)")
"""The line in a script that names the program which reads it."""

_SHELL_CODE: Final = re.compile(r"-[a-z]*c[a-z]*")
"""`$SHELL -lc`: what stands behind is most likely a script, whatever the shell is called."""

_READ_FIRST: Final = frozenset({"BASH_ENV", "ENV"})
"""Variables that name a script which a shell reads before the one that it was given."""

TAIL: Final = 4
"""Words of an unlisted program among which a listed one is sought: it may be a wrapper."""


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
        if self.notes.watch is None:
            return self._judge(words, scope, stdin, made)
        texts = [word.text for word in words]
        return self.notes.watch.command(texts, scope.traits, lambda: self._judge(words, scope, stdin, made))

    def _judge(self, words: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str]) -> Stream:
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
        invocation = read(entry, arguments, self.notes.catalogue.options(entry))
        if _asks_for_help(invocation):
            self.notes.note(Kind.READ, f"{base} help", "shows how a program is used")
            return Stream()
        return Judgement(self, invocation, scope, stdin, made).run()

    def variable(self, name: str, value: str, scope: Scope) -> None:
        """Judge a variable that is set: some make other programs run code."""
        if name in _READ_FIRST and value:
            target = path_target(value, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
            for content in self.notes.files.matching(target.value):
                self.shell.script(content.text or HOLE, scope.below(content.origin))
        spec = self.notes.catalogue.variables.get(name)
        if spec is not None:
            judgement = Judgement(
                self, Invocation(Entry(name, words="changes how programs start")), scope, TERMINAL, frozenset()
            )
            judgement.option("variable", spec, Word(value))

    def _hidden(self, arguments: Sequence[Word], scope: Scope, stdin: Stream, made: frozenset[str]) -> Stream:
        self.notes.doubt("a program that is known only when the command runs")
        self.notes.note(
            Kind.RUN_CODE, "hidden program", "runs a program that cannot be named beforehand", (), scope.traits | made
        )
        note_control(self.notes, "hidden", made)
        for option, code in pairwise(arguments):
            if _SHELL_CODE.fullmatch(option.text):
                return self.shell.script(code.text, scope.copy(), stdin)
        return self._tail(arguments, scope, stdin)

    def _own_program(self, name: str, arguments: Sequence[Word], scope: Scope, stdin: Stream) -> None:
        target = path_target(name, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
        found = self.notes.files.matching(target.value)
        origin = frozenset[str]().union(*(content.origin for content in found))
        words = "runs a program or script of its own"
        self.notes.note(Kind.RUN_CODE, "script", words, (target,), scope.traits | origin)
        for content in found:
            self._own_script(name, target, content, arguments, scope, stdin)

    def _own_script(
        self, name: str, target: Target, content: Content, arguments: Sequence[Word], scope: Scope, stdin: Stream
    ) -> None:
        origin = content.origin
        if content.text is None:
            self.notes.doubt(f"{name[-80:]}: a script that was written here, with a text that is not known")
            return
        reader = _INTERPRETER.match(content.text)
        if reader is not None:
            self.run([*map(Word, reader[1].split()), Word(target.value), *arguments], scope.below(origin), stdin)
        else:
            given = tuple(word.text for word in arguments)
            self.shell.script(content.text, scope.below(origin, given), stdin)

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


def _asks_for_help(found: Invocation) -> bool:
    """Tell whether the program only says how it is used: not for those that hand such an option to others."""
    entry = found.entry
    if [word.text for word in found.words] in (["--help"], ["--version"]):
        return True
    if entry.wrapper is not None or entry.spec.kind is Kind.RUN_CODE or entry.stdin or found.commands:
        return False
    given = {name for name, spec, value in found.options if not spec.takes and value is None}
    if entry.commands and [word.text for word in found.words] == ["-h"]:
        return True
    return "--help" in given or ("--version" in given and not found.operands)
