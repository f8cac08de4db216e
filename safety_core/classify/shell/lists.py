"""Text -> lists of commands: lines, pipes, and the here-documents between the lines."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Final

from safety_core.classify.shell.assignments import Assignments
from safety_core.classify.shell.cursor import TooDeepError, UnreadableError
from safety_core.classify.shell.nodes import AndOr, Node, Pipeline, Sequence, Simple, Subshell, Text, Word

_RESERVED: Final = re.compile(
    r"(?:!|\{|\}|\[\[|if|then|elif|else|fi|while|until|for|select|case|esac|do|done|function|time|coproc)"
    r"(?=$|[ \t\n;&|<>()]|\\\n)"
)
_ENDS: Final = frozenset({"}", "then", "elif", "else", "fi", "do", "done", "esac"})
_TIME_OPTION: Final = re.compile(r"(?:-p|--)(?=[ \t\n;&|)]|$)")


class Lists(Assignments):
    """Reads lists of commands."""

    @abstractmethod
    def _command(self) -> Node:
        """Read one command (see `grammar`)."""

    def script(self, end: str) -> Sequence:
        """Read commands up to `end`, which is passed."""
        parts = self._list()
        if not self._reserved_is(end) if end == "}" else not self.text.startswith(end, self.at):
            raise UnreadableError
        self.at += len(end)
        return Sequence(parts)

    def sub_script(self, text: str) -> Sequence:
        """Read a text of its own. A shell notices only when it runs that it does not follow the grammar."""
        inner = self._inner(text)
        inner.enter()
        parts: list[Node] = []
        try:
            while inner.at < len(inner.text):
                parts.extend(inner.line())
        except TooDeepError:
            raise
        except UnreadableError:
            self.doubts["a substitution that cannot be parsed"] = None
        self.tries = inner.tries
        return Sequence(tuple(parts))

    def _inner(self, text: str) -> Lists:
        inner = type(self)(text, self.depth, self.doubts)
        inner.tries = self.tries
        return inner

    def line(self) -> tuple[Node, ...]:
        """Read the commands of a line, which a shell runs before it reads the next."""
        parts = self._list(whole=False)
        self._end_line()
        return parts

    def _end_line(self) -> None:
        if self.at < len(self.text):
            self.expect("\n")
        self._read_documents()

    def _newlines(self) -> None:
        self.blanks()
        while self.text.startswith("\n", self.at):
            self.at += 1
            self._read_documents()
            self.blanks()

    def _read_documents(self) -> None:
        documents, self.documents = self.documents, []
        for redirect, last, quoted in documents:
            lines: list[str] = []
            while self.at < len(self.text):
                line = self._document_line(joined=not quoted)
                if redirect.operator == "<<-":
                    line = "\n".join(part.lstrip("\t") for part in line.split("\n"))
                if line == last:
                    break
                lines.append(line + "\n")
            redirect.body = self._document_body("".join(lines), quoted=quoted)

    def _document_line(self, *, joined: bool) -> str:
        start = self.at
        while True:
            end = self.text.find("\n", self.at)
            end = len(self.text) if end < 0 else end
            before = self.text[start:end]
            self.at = end + 1
            if joined and end < len(self.text) and (len(before) - len(before.rstrip("\\"))) % 2:
                self.text = self.text[: end - 1] + self.text[end + 1 :]
                self.at = end - 1
                continue
            return before

    def _document_body(self, text: str, *, quoted: bool) -> Word:
        if quoted:
            return (Text(text, "single"),)
        inner = self._inner(text)
        try:
            parts = inner.double("")
        except TooDeepError:
            raise
        except UnreadableError:
            self.doubts["a here-document that cannot be parsed"] = None
            return (Text(text, "single"),)
        self.tries = inner.tries
        return tuple(parts)

    def _list(self, *, whole: bool = True) -> tuple[Node, ...]:
        """Read commands up to what ends them, which is not passed; the end of the line too unless `whole`."""
        parts: list[Node] = []
        while True:
            if whole:
                self._newlines()
            self.blanks()
            if self._at_end() or (not whole and self.text.startswith("\n", self.at)):
                return tuple(parts)
            part = self._and_or()
            self.blanks()
            self.join_sign()
            if self.text.startswith("&", self.at):
                part = Subshell(part)
                self.at += 1
            elif self.text.startswith(";", self.at) and not self.text.startswith((";;", ";&"), self.at):
                self.at += 1
            elif not self._at_end() and not self.text.startswith("\n", self.at):
                raise UnreadableError
            parts.append(part)

    def _at_end(self) -> bool:
        if self.at >= len(self.text) or self.text.startswith((")", ";;", ";&"), self.at):
            return True
        return self._reserved() in _ENDS

    def _reserved(self) -> str:
        self._join_letters()
        match = _RESERVED.match(self.text, self.at)
        return match[0] if match else ""

    def _reserved_is(self, word: str) -> bool:
        return self._reserved() == word

    def _keyword(self, *words: str) -> str:
        """Pass one of these reserved words, which must stand here after white space."""
        self._newlines()
        found = self._reserved()
        if found not in words:
            raise UnreadableError
        self.at += len(found)
        return found

    def _and_or(self) -> Node:
        parts = [self._pipeline()]
        signs: list[str] = []
        while True:
            self.blanks()
            self.join_sign()
            sign = self.text[self.at : self.at + 2]
            if sign not in {"&&", "||"}:
                return AndOr(tuple(parts), tuple(signs)) if signs else parts[0]
            self.at += 2
            self._newlines()
            signs.append(sign)
            parts.append(self._pipeline())

    def _pipeline(self) -> Node:
        parts: list[Node] = []
        while True:
            part = self._prefixed()
            self.blanks()
            self.join_sign()
            if not self.text.startswith("|", self.at) or self.text.startswith("||", self.at):
                parts.append(part)
                return Pipeline(tuple(parts)) if len(parts) > 1 else part
            self.at += 2 if self.text.startswith("|&", self.at) else 1
            self._newlines()
            parts.append(part)

    def _prefixed(self) -> Node:
        """Read a command behind any `!` and `time`."""
        while True:
            self.blanks()
            word = self._reserved() or ("!" if self.text.startswith("!(", self.at) else "")
            if word not in {"!", "time"}:
                return self._command()
            self.at += len(word)
            self.blanks()
            if word == "time" and (option := _TIME_OPTION.match(self.text, self.at)):
                self.at = option.end()
                self.blanks()
            if self.at >= len(self.text) or self.text[self.at] in "\n;&|)":
                return Simple((), ())

    def _join_letters(self) -> None:
        """Take out line continuations inside of what may be a reserved word."""
        at = self.at
        while (
            self._joins and at < self.at + 10 and (self.text[at : at + 1].isalpha() or self.text[at : at + 1] == "\\")
        ):
            self.join(at)
            at += 1
