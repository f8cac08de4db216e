"""Text -> assignments and arrays."""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.shell.cursor import UnreadableError
from safety_core.classify.shell.lexer import Lexer
from safety_core.classify.shell.nodes import Assignment, Text, Word

_SUBSCRIPT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\[")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?)=")
_EQUALS: Final = re.compile(r"(\+?)=")


class Assignments(Lexer):
    """Reads assignments."""

    def assignment(self) -> Assignment | None:
        """Read `name=value` where one stands here. `name[index]` without a value is the beginning of the next word."""
        index: Word | None = None
        match = _SUBSCRIPT.match(self.text, self.at)
        if match is not None:
            self.at = match.end()
            name, index = match[0][:-1], tuple(self.balanced("]"))
            equals = _EQUALS.match(self.text, self.at)
            if equals is None:
                self.begun = [Text(match[0]), *index, Text("]")]
                return None
            appended, self.at = bool(equals[1]), equals.end()
        else:
            match = _ASSIGNMENT.match(self.text, self.at)
            if match is None:
                return None
            name, appended, self.at = match[1], bool(match[2]), match.end()
        self.join(self.at)
        if self.text.startswith("(", self.at):
            self.at += 1
            return Assignment(name, (), index, self._array(), appended)
        return Assignment(name, self.word(), index, None, appended)

    def _array(self) -> tuple[Assignment | Word, ...]:
        self.enter()
        values: list[Assignment | Word] = []
        while True:
            self.blanks()
            if self.text.startswith(")", self.at):
                break
            if self.text.startswith("\n", self.at):
                self.at += 1
                continue
            if self.text.startswith("[", self.at):
                self.at += 1
                key = tuple(self.balanced("]"))
                self.at += 1
                values.append(Assignment("", self.word(), key))
                continue
            word = self.word()
            if not word:
                raise UnreadableError
            values.append(word)
        self.at += 1
        self.depth -= 1
        return tuple(values)
