"""Text -> syntax tree, by bash's grammar. Nothing passes by silently: what does not follow it raises `UnreadableError`.

A list of commands ends where nothing stands that could begin another one; whoever asked for the list looks what does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from safety_core.classify.shell.lexer import Lexer, TooDeepError, UnreadableError
from safety_core.classify.shell.nodes import (
    AndOr,
    Arithmetic,
    Assignment,
    Branches,
    Function,
    Loop,
    Node,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    Test,
    Text,
    Word,
)

_RESERVED: Final = re.compile(
    r"(?:!|\{|\}|\[\[|if|then|elif|else|fi|while|until|for|select|case|esac|do|done|function|time|coproc)"
    r"(?=$|[ \t\n;&|<>()]|\\\n)"
)
_ENDS: Final = frozenset({"}", "then", "elif", "else", "fi", "do", "done", "esac"})
_REDIRECT: Final = re.compile(
    r"(?P<fd>[0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})?(?P<sign><<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\()|&>>|&>)"
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIGN: Final = re.compile(r"&&|\|\||[()]|[<>](?!\()")
_CASE_END: Final = re.compile(r";;&|;;|;&")
_TIME_OPTION: Final = re.compile(r"(?:-p|--)(?=[ \t])")
_DECLARING: Final = frozenset({"declare", "typeset", "local", "export", "readonly", "alias"})
_COMMANDS: Final = re.compile(
    r"""[\w)\]}][ \t\n]+[\w$./"'\\`]|[A-Za-z_][ \t]*[;|&]|\A[( \t]*[A-Za-z_][\w./-]*[) \t]*\Z""", re.ASCII
)
"""What is no expression, or the name of one variable: dash takes `((rm x))` for two subshells."""

_QUOTING: Final = frozenset({"escaped", "single", "double", "ansi"})


class Grammar(Lexer):
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

    def _inner(self, text: str) -> Grammar:
        inner = Grammar(text, self.depth, self.doubts)
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
                return Sequence(())

    def _join_letters(self) -> None:
        """Take out line continuations inside of what may be a reserved word."""
        at = self.at
        while (
            self._joins and at < self.at + 10 and (self.text[at : at + 1].isalpha() or self.text[at : at + 1] == "\\")
        ):
            self.join(at)
            at += 1

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
