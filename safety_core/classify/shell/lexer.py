"""Text -> words, as bash reads them: quotes, expansions and what is nested in them.

The grammar of commands stands in `grammar`, which reads the scripts inside of substitutions.
"""

from __future__ import annotations

import re
from typing import Final

from safety_core.classify.shell.cursor import Cursor, TooDeepError, UnreadableError
from safety_core.classify.shell.nodes import (
    Arithmetic,
    Parameter,
    Part,
    Sequence,
    Substitution,
    Text,
    Word,
)

_PLAIN: Final = re.compile(r"""[^ \t\n\\'"`$;&|<>()]+""")
_QUOTED: Final = re.compile(r'[^\\"`$]+')
_DOCUMENT: Final = re.compile(r"[^\\`$]+")
_ANSI: Final = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_BRACED: Final = re.compile(r"(?P<mark>[!#]?)(?P<name>[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])")
_OPERATOR: Final = re.compile(r":[-=+?]|[-=+?]|##?|%%?|//|/#|/%|/|\^\^?|,,?|~~?|:|@[A-Za-z]|[*@](?=\})")
_BALANCED: Final = re.compile(r"""[^\\'"`$()\[\]]+""")
_ARGUMENT: Final = re.compile(r"""[^\\'"`$}<>]+""")
_PATTERNS: Final = ("#", "%", "/", "^", ",", "~")
_DOUBLE_ESCAPES: Final = '$`"\\'
_ODD_EXPANSION: Final = "a parameter expansion that shells read differently"
_ODD_QUOTES: Final = "a quote inside a parameter expansion inside of quotes, which shells read differently"


class Lexer(Cursor):
    """Reads words."""

    def word(self, *, patterns: bool = False) -> Word:
        """Read one word; empty where none stands here. `patterns`: with bare parentheses, as in `[[ a =~ (b) ]]`."""
        parts, self.begun = self.begun, []
        nested = 0
        while True:
            self.join(self.at)
            match = _PLAIN.match(self.text, self.at)
            if match is not None:
                parts.append(Text(match[0]))
                self.at = match.end()
                continue
            character = self.text[self.at : self.at + 1]
            if character == "(" and (patterns or nested or _opens_pattern(parts)):
                nested += 1
            elif character == ")" and nested:
                nested -= 1
            elif not (nested and character in {" ", "|", "&", ";", "\t"}) and not (patterns and character == "|"):
                if not self._special(character, parts):
                    break
                continue
            parts.append(Text(character))
            self.at += 1
        if nested:
            raise UnreadableError
        return tuple(parts)

    def _special(self, character: str, parts: list[Part]) -> bool:
        """Read what `character` begins; False where the word ends before it."""
        match character:
            case "\\":
                parts.append(Text(self.text[self.at + 1 : self.at + 2] or "\\", "escaped"))
                self.at += 2
            case "'":
                parts.append(Text(self._until("'"), "single"))
            case '"':
                self.at += 1
                parts.extend(self.double('"'))
            case "$":
                parts.extend(self._dollar())
            case "`":
                parts.append(self._backquoted(quoted=False))
            case "<" | ">":
                self.join(self.at + 1)
                if self.text[self.at + 1 : self.at + 2] != "(":
                    return False
                self.at += 2
                parts.append(Substitution(self.nested_script(")"), direction=character))
            case _:
                return False
        return True

    def _until(self, mark: str) -> str:
        end = self.text.find(mark, self.at + 1)
        if end < 0:
            raise UnreadableError
        start, self.at = self.at + 1, end + 1
        return self.text[start:end]

    def double(self, end: str) -> list[Part]:
        """Read the inside of double quotes up to `end` and pass it, or a here-document to the end of the text."""
        self.enter()
        plain = _QUOTED if end else _DOCUMENT
        parts: list[Part] = []
        while True:
            self.join(self.at)
            match = plain.match(self.text, self.at)
            if match is not None:
                parts.append(Text(match[0], "double"))
                self.at = match.end()
                continue
            character = self.text[self.at : self.at + 1]
            if character == end:
                break
            if not character:
                raise UnreadableError
            self._in_double(character, parts, end)
        self.at += len(end)
        self.depth -= 1
        return parts or [Text("", "double")]

    def _in_double(self, character: str, parts: list[Part], end: str) -> None:
        if character == "`":
            parts.append(self._backquoted(quoted=True))
        elif character == "$":
            parts.extend(self._dollar(quoted=True))
        else:
            following = self.text[self.at + 1 : self.at + 2]
            escapes = _DOUBLE_ESCAPES if end else "$`\\"
            parts.append(Text(following if following and following in escapes else f"\\{following}", "double"))
            self.at += 2

    def nested_script(self, end: str) -> Sequence:
        """Read the script of a substitution; here-documents that were begun outside wait for their own lines.

        Those that were begun inside and not ended there are empty for bash; for others the lines behind belong to them.
        """
        waiting, self.documents = self.documents, []
        self.enter()
        body = self.script(end)
        self.depth -= 1
        if self.documents:
            self.doubts["a here-document whose lines stand outside of its substitution"] = None
        self.documents = waiting
        return body

    def _backquoted(self, *, quoted: bool) -> Substitution:
        start = self.at + 1
        inner: list[str] = []
        end = start
        while self.text[end : end + 1] != "`":
            if end >= len(self.text):
                raise UnreadableError
            escaped = self.text[end] == "\\" and self.text[end + 1 : end + 2] in ('$`\\"' if quoted else "$`\\")
            end += escaped
            inner.append(self.text[end : end + 1])
            end += 1
        self.at = end + 1
        return Substitution(self.sub_script("".join(inner)), quoted)

    def _dollar(self, *, quoted: bool = False) -> list[Part]:
        self.join(self.at + 1)
        match self.text[self.at + 1 : self.at + 2]:
            case "(":
                self.join(self.at + 2)
                return [self._parenthesis(quoted)]
            case "{":
                self.at += 2
                return [self._braced(quoted)]
            case "[":
                self.at += 2
                return [Arithmetic(tuple(self.balanced("]")), quoted)]
            case "'" if not quoted:
                found = _ANSI.match(self.text, self.at)
                if found is None:
                    raise UnreadableError
                self.at = found.end()
                return [Text(found[1], "ansi")]
            case '"' if not quoted:
                self.at += 2
                return self.double('"')
            case _:
                name = _NAME.match(self.text, self.at + 1)
                self.at = name.end() if name else self.at + 1
                return [Parameter(name[0], quoted=quoted) if name else Text("$", "double" if quoted else "bare")]

    def _parenthesis(self, quoted: bool) -> Part:
        """Read `$((...))`, or `$(...)`, which may begin with a subshell."""
        if self.text.startswith("((", self.at + 1):
            expression = self.arithmetic(self.at + 3)
            if expression is not None:
                return Arithmetic(expression, quoted)
        self.at += 2
        return Substitution(self.nested_script(")"), quoted)

    def arithmetic(self, start: int) -> Word | None:
        """Read an expression that ends with `))` and pass it; None, and nothing passed, where it is none."""
        before, depth = self.at, self.depth
        if self.text.find("))", start) < 0 and not self._joins:
            return None
        self.at = start
        try:
            expression = self.balanced(")")
        except TooDeepError:
            raise
        except UnreadableError:
            expression = []
        if expression and self.text.startswith(")", self.at):
            raw = self.text[start : self.at - 1]
            if raw.count("(") != raw.count(")"):  # bash counts them all, and takes what is uneven for commands
                self.doubts["an expression with uneven brackets, which shells read differently"] = None
            self.at += 1
            return tuple(expression)
        self.at, self.depth = before, depth
        self.tries -= 1
        if not self.tries:
            raise TooDeepError
        return None

    def balanced(self, end: str) -> list[Part]:
        """Read an expression up to the `end` that no bracket in it opened, and pass it. Never empty."""
        self.enter()
        opening = {")": "(", "]": "["}[end]
        parts: list[Part] = [Text("", "double")]
        nested = 0
        while True:
            self.join(self.at)
            match = _BALANCED.match(self.text, self.at)
            if match is not None:
                parts.append(Text(match[0]))
                self.at = match.end()
                continue
            character = self.text[self.at : self.at + 1]
            if character == end and not nested:
                break
            nested += (character == opening) - (character == end)
            if character == "'" and end == ")":
                self.doubts["a quote inside an expression, which shells read differently"] = None
                inner = self.text[self.at + 1 : self.text.find("'", self.at + 1)]
                parts.append(Substitution(self.sub_script(f': "{inner}"'), quoted=True))
                self.at += len(inner) + 2
            elif character in {"'", '"', "`", "$", "\\"}:
                self._special(character, parts)
            elif not character:
                raise UnreadableError
            else:
                parts.append(Text(character))
                self.at += 1
        self.at += 1
        self.depth -= 1
        return parts

    def _braced(self, quoted: bool) -> Part:
        """Read `${...}`, whose opening was passed."""
        self.join(self.at)
        if self.text[self.at : self.at + 1] in {" ", "\t", "\n", "|"}:  # a newer bash, ksh: runs commands in place
            self.doubts["a command inside a parameter expansion"] = None
            self.at += self.text[self.at] == "|"
            return Substitution(self.nested_script("}"), quoted)
        match = _BRACED.match(self.text, self.at)
        if match is None:
            self.doubts[_ODD_EXPANSION] = None
            return Parameter("", "?", tuple(self._argument("", quoted)), quoted=quoted)
        mark, name = match["mark"], match["name"]
        self.at = match.end()
        index = self._index()
        self.join(self.at)
        operator = _OPERATOR.match(self.text, self.at)
        if mark == "#" and self.text.startswith("}", self.at):
            self.at += 1
            return Parameter(name, "length", (), index, quoted=quoted)
        if mark == "#":  # `${#:-x}`: the number of arguments, with an operator
            self.at -= len(name)
            operator, name = _OPERATOR.match(self.text, self.at), "#"
        self.at = operator.end() if operator else self.at
        argument = tuple(self._argument(operator[0] if operator else "", quoted))
        sign = operator[0] if operator else "?" if argument else ""
        return Parameter(name, sign, argument, index, mark == "!", quoted)

    def _index(self) -> Word | None:
        if not self.text.startswith("[", self.at):
            return None
        before, depth = self.at, self.depth
        self.at += 1
        try:
            return tuple(self.balanced("]"))
        except TooDeepError:
            raise
        except UnreadableError:
            self.at, self.depth = before, depth
            self.doubts[_ODD_EXPANSION] = None
            return None

    def _argument(self, operator: str, quoted: bool) -> list[Part]:
        """Read the operator's word up to its closing brace, and pass it."""
        self.enter()
        literal = quoted and not operator.startswith(_PATTERNS)
        parts: list[Part] = []
        while True:
            self.join(self.at)
            match = _ARGUMENT.match(self.text, self.at)
            if match is not None:
                parts.append(Text(match[0], "double" if quoted else "loose"))
                self.at = match.end()
                continue
            character = self.text[self.at : self.at + 1]
            if character == "}":
                break
            if not character:
                raise UnreadableError
            if quoted and character == "'":
                self.doubts[_ODD_QUOTES] = None
            if character in {"`", "$"}:
                parts.extend([self._backquoted(quoted=quoted)] if character == "`" else self._dollar(quoted=quoted))
            elif (character == "'" and literal) or not self._special(character, parts):
                parts.append(Text(character, "double" if quoted else "loose"))
                self.at += 1
        self.at += 1
        self.depth -= 1
        return parts


def _opens_pattern(parts: list[Part]) -> bool:
    """Tell whether a parenthesis here begins an extended pattern, `@(a|b)`."""
    last = parts[-1] if parts else None
    return isinstance(last, Text) and last.how == "bare" and last.text[-1:] in {"?", "*", "+", "@", "!"}
