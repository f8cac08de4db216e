"""Redirections: files that are read and written, and text that a descriptor holds."""

from __future__ import annotations

from typing import Final

from safety_core.classify.network import host_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.shell.judged import CONNECTION
from safety_core.classify.shell.nodes import Redirect
from safety_core.classify.shell.scope import Scope, Stream
from safety_core.classify.shell.words import Word
from safety_core.model.facts import Kind

_STREAMS: Final = {"/dev/stdout", "/dev/stderr", "/dev/null", "/dev/tty", "/dev/stdin", "/dev/fd/0", "/dev/fd/1"}
_STANDARD_INPUT: Final = {"", "0"}
_FIRST_SUBSTITUTION: Final = 63
"""The descriptor that bash gives to a process substitution; further ones get numbers of their own."""


class Redirects:
    """Opens files; what that does goes into the notes, and what is known of their text into the notes' files."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self._handed_over = 0

    def hand_over(self, output: Stream) -> str:
        """Return the name under which a program reads the output of `<(...)`."""
        if output.text is None:
            return HOLE
        name = f"/dev/fd/{_FIRST_SUBSTITUTION + self._handed_over}"
        self._handed_over += 1
        self.notes.files.write(name, output.text, output.origin)
        return name

    def given(self, redirect: Redirect, text: Stream, stdin: Stream) -> Stream:
        """Hand a text of the script itself to a descriptor; the reply is the standard input from there on."""
        if redirect.descriptor in _STANDARD_INPUT:
            return text
        self.notes.files.write(f"/dev/fd/{redirect.descriptor}", text.text, text.origin)
        return stdin

    def read(self, redirect: Redirect, targets: list[Word], scope: Scope, stdin: Stream) -> Stream:
        """Read a file, or another descriptor; the reply is the standard input from there on."""
        for word in targets:
            if redirect.operator == "<&" and (word.text.rstrip("-").isdigit() or word.text == "-"):
                opened = self.stored(f"/dev/fd/{word.text.rstrip('-')}", stdin)
            else:
                opened = self._open(word, redirect.operator, scope, stdin)
            if redirect.descriptor in _STANDARD_INPUT:
                stdin = opened
            else:
                self.notes.files.write(f"/dev/fd/{redirect.descriptor}", opened.text, opened.origin)
        return stdin

    def write(self, redirect: Redirect, targets: list[Word], scope: Scope, output: Stream) -> None:
        """Write what a command prints."""
        for word in targets:
            if redirect.operator.endswith("&") and (word.text.rstrip("-").isdigit() or word.text == "-"):
                continue
            self._open(word, redirect.operator, scope, output if redirect.descriptor in {"", "1"} else Stream())

    def stored(self, path: str, otherwise: Stream) -> Stream:
        """Return what is known of a file as a stream."""
        found = self.notes.files.read(path)
        return otherwise if found is None else Stream(found.text, found.origin)

    def _open(self, word: Word, operator: str, scope: Scope, stream: Stream) -> Stream:
        if word.text.startswith(("/dev/tcp/", "/dev/udp/")):
            target = host_target(word.text.split("/")[3])
            self.notes.note(Kind.OUTWARD, "redirection", "opens a connection", (target,), scope.traits)
            if "remote_control" in stream.origin:
                words = "lets somebody else control this machine"
                self.notes.note(Kind.CONTROL, "redirection", words, (target,), scope.traits | {"remote_control"})
            return Stream(origin=CONNECTION)
        if word.text in _STREAMS or (word.text == HOLE and operator == "<"):
            return stream
        target = path_target(word.text, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
        if operator in {"<", "<&"}:
            if not word.text.startswith("/dev/fd/"):
                self.notes.note(Kind.READ, "redirection", "reads a file", (target,), scope.traits)
            return self.stored(target.value, Stream())
        self.notes.note(Kind.WRITE, "redirection", "writes a file", (target,), scope.traits)
        self.notes.files.write(target.value, stream.text, stream.origin, append=">>" in operator)
        return stream
