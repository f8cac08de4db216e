"""Text -> syntax tree, by bash's grammar. Nothing passes by silently: what does not follow it raises `UnreadableError`.

A list of commands ends where nothing stands that could begin another one; whoever asked for the list looks what does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from safety_core.classify.shell.compounds import Compounds
from safety_core.classify.shell.cursor import UnreadableError
from safety_core.classify.shell.nodes import (
    Assignment,
    Function,
    Node,
    Redirect,
    Redirected,
    Simple,
    Subshell,
    Text,
    Word,
)

_REDIRECT: Final = re.compile(
    r"(?P<fd>[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})?(?P<sign><<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\()|&>>|&>)"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECLARING: Final = frozenset({"declare", "typeset", "local", "export", "readonly", "alias"})

_QUOTING: Final = frozenset({"escaped", "single", "double", "ansi"})


class Grammar(Compounds):
    """Reads commands."""

    def __init__(self, text: str, depth: int = 0, doubts: dict[str, None] | None = None) -> None:
        super().__init__(text, depth, doubts)
        self._compounds: dict[str, Callable[[], Node]] = {
            "{": self._group,
            "[[": self._test,
            "if": self._if,
            "while": self._while,
            "until": self._while,
            "for": self._for,
            "select": self._for,
            "case": self._case,
            "function": self._function,
            "coproc": self._coprocess,
        }

    def _command(self) -> Node:
        self.enter()
        word = self._reserved()
        compound = self._compounds.get(word)
        if compound is not None:
            self.at += len(word)
            node = self._redirected(compound())
        elif word:
            raise UnreadableError
        elif self.text.startswith("(", self.at):
            node = self._redirected(self._parenthesised())
        else:
            node = self._simple()
        self.depth -= 1
        return node

    def _redirected(self, body: Node) -> Node:
        redirects: list[Redirect] = []
        while isinstance(body, Function) is False and self._redirect(redirects):
            continue
        return Redirected(body, tuple(redirects)) if redirects else body

    def _redirect(self, redirects: list[Redirect]) -> bool:
        self.blanks()
        self.join_sign()
        match = _REDIRECT.match(self.text, self.at)
        if match is None:
            return False
        self.at = match.end()
        self.blanks()
        start = self.at
        target = self.word()
        if not target:
            raise UnreadableError
        redirect = Redirect(match["sign"], target, None, match["fd"] or "")
        if match["sign"] in {"<<", "<<-"}:
            plain = all(isinstance(part, Text) and part.how != "ansi" for part in target)
            quoted = any(isinstance(part, Text) and part.how in _QUOTING for part in target)
            texts = [part.text for part in target if isinstance(part, Text)]
            if not plain:
                self.doubts["a here-document whose last line is an expansion"] = None
            self.documents.append((redirect, "".join(texts) if plain else self.text[start : self.at], quoted))
        redirects.append(redirect)
        return True

    def _simple(self) -> Node:
        assignments: list[Assignment] = []
        words: list[Word | Assignment] = []
        redirects: list[Redirect] = []
        start = self.at
        declaring = False
        while True:
            if self._redirect(redirects):
                continue
            if not words or declaring:
                assignment = self.assignment()
                if assignment is not None:
                    if words:
                        words.append(assignment)
                    else:
                        assignments.append(assignment)
                    continue
            word = self.word()
            if not word:
                break
            words.append(word)
            declaring = declaring or (len(words) == 1 and isinstance(word[0], Text) and word[0].text in _DECLARING)
            if len(words) == 1 and not assignments and not redirects:
                self.blanks()
                if self.text.startswith("(", self.at):
                    return self._defined(self.text[start : self.at].strip(), start)
        if not (assignments or words or redirects):
            raise UnreadableError
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _defined(self, name: str, start: int) -> Node:
        self.expect("(")
        self.blanks()
        self.expect(")")
        self._newlines()
        body = self._command()
        return Function(name, body, self.text[start : self.at])

    def _function(self) -> Node:
        start = self.at
        self.blanks()
        name_at = self.at
        if not self.word():
            raise UnreadableError
        name = self.text[name_at : self.at]
        self.blanks()
        if self.text.startswith("(", self.at):
            return self._defined(name, start)
        self._newlines()
        body = self._command()
        return Function(name, body, self.text[start : self.at])

    def _coprocess(self) -> Node:
        self.doubts["a coprocess"] = None
        self.blanks()
        match = _NAME.match(self.text, self.at)
        if match is not None and not self._reserved():
            before, self.at = self.at, match.end()
            self.blanks()
            if self._reserved() not in self._compounds and not self.text.startswith("(", self.at):
                self.at = before
        return Subshell(self._command())
