"""Text -> compound commands: conditions, loops, groups, tests."""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.shell.cursor import UnreadableError
from safety_core.classify.shell.lists import Lists
from safety_core.classify.shell.nodes import Arithmetic, Branches, Loop, Node, Sequence, Subshell, Test, Text, Word

_SIGN: Final = re.compile(r"&&|\|\||[()]|[<>](?!\()")
_CASE_END: Final = re.compile(r";;&|;;|;&")
_COMMANDS: Final = re.compile(
    r"""[\w)\]}][ \t\n]+[\w$./"'\\`]|[A-Za-z_][ \t]*[;|&]|\A[( \t]*[A-Za-z_][\w./-]*[) \t]*\Z""", re.ASCII
)
"""What is no expression, or the name of one variable: dash takes `((rm x))` for two subshells."""


class Compounds(Lists):
    """Reads compound commands, behind their first word."""

    def _parenthesised(self) -> Node:
        if self.text.startswith("((", self.at):
            start = self.at
            expression = self.arithmetic(start + 2)
            if expression is not None:
                if _COMMANDS.search(self.text[start + 2 : self.at - 2]):
                    self.doubts["an expression that other shells read as commands"] = None
                return Arithmetic(expression)
        self.at += 1
        return Subshell(self.nested_body(")"))

    def nested_body(self, end: str) -> Sequence:
        """Read a list that must not be empty, up to `end`, which is passed."""
        body = self.script(end)
        if not body.parts:
            raise UnreadableError
        return body

    def _group(self) -> Node:
        return self.nested_body("}")

    def _if(self) -> Node:
        parts: list[Node] = [Sequence(self._list())]
        self._keyword("then")
        while True:
            parts.append(Sequence(self._list()))
            found = self._keyword("elif", "else", "fi")
            if found == "elif":
                parts.append(Sequence(self._list()))
                self._keyword("then")
                continue
            if found == "else":
                parts.append(Sequence(self._list()))
                self._keyword("fi")
            return Branches(tuple(parts))

    def _while(self) -> Node:
        condition = Sequence(self._list())
        return Branches((condition, self._body()))

    def _body(self) -> Node:
        self._newlines()
        if self._reserved_is("{"):
            self.at += 1
            return self._group()
        self._keyword("do")
        body = Sequence(self._list())
        self._keyword("done")
        return body

    def _for(self) -> Node:
        self.blanks()
        if self.text.startswith("((", self.at):
            return self._counting()
        name = self.word()
        words: tuple[Word, ...] | None = None
        self._newlines()
        if self.text.startswith("in", self.at) and self.text[self.at + 2 : self.at + 3] in {"", " ", "\t", "\n", ";"}:
            self.at += 2
            words = self._listed()
        self.blanks()
        if self.text.startswith(";", self.at):
            self.at += 1
        variable = "".join(part.text for part in name if isinstance(part, Text))
        return Loop(variable, words, self._body())

    def _listed(self) -> tuple[Word, ...]:
        words: list[Word] = []
        while True:
            self.blanks()
            word = self.word()
            if not word:
                return tuple(words)
            words.append(word)

    def _counting(self) -> Node:
        expression = self.arithmetic(self.at + 2)
        if expression is None:
            raise UnreadableError
        self.blanks()
        if self.text.startswith(";", self.at):
            self.at += 1
        return Branches((Arithmetic(expression), self._body()))

    def _case(self) -> Node:
        self.blanks()
        words = [self.word()]
        parts: list[Node] = []
        self._newlines()
        if not self.text.startswith("in", self.at):
            raise UnreadableError
        self.at += 2
        while True:
            self._newlines()
            if self._reserved_is("esac"):
                self.at += 4
                return Branches(tuple(parts), tuple(words))
            if self.text.startswith("(", self.at):
                self.at += 1
            words.extend(self._patterns())
            parts.append(Sequence(self._list()))
            self._newlines()
            sign = _CASE_END.match(self.text, self.at)
            if sign is not None:
                self.at = sign.end()
            elif not self._reserved_is("esac"):
                raise UnreadableError

    def _patterns(self) -> list[Word]:
        words: list[Word] = []
        while True:
            self.blanks()
            word = self.word()
            if not word:
                raise UnreadableError
            words.append(word)
            self.blanks()
            if self.text.startswith(")", self.at):
                self.at += 1
                return words
            self.expect("|")

    def _test(self) -> Node:
        words: list[Word] = []
        patterns = False
        while True:
            self._newlines()
            if self.text.startswith("]]", self.at) and words:
                self.at += 2
                return Test(tuple(words))
            sign = _SIGN.match(self.text, self.at)
            if sign is not None and not (patterns and sign[0] == "("):
                self.at = sign.end()
                continue
            word = self.word(patterns=patterns)
            if not word:
                raise UnreadableError
            words.append(word)
            last = word[0]
            patterns = len(word) == 1 and isinstance(last, Text) and last.text in {"=~", "==", "=", "!="}
