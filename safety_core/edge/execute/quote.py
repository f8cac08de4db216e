"""References in a command line -> expansions of environment variables, quoted for the place where each stands.

    curl -H "X-Key: SECRET_REF(a)"    ->  curl -H "X-Key: ${V}"
    psql 'SECRET_REF(a)'              ->  psql ''"${V}"''
    export KEY=SECRET_REF(a)          ->  export KEY="${V}"

The shell expands a variable after it has parsed the line and, inside double quotes, does nothing more to what comes
out: no value can change what runs. That holds only where we know the quoting exactly as the shell does. So this is a
small automaton over POSIX quoting, and wherever it is not sure it refuses: backquotes, `${...}`, arithmetic, `$'...'`,
here-documents that do not expand, "case" inside `$(...)`, escapes and broken lines that would join tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, NamedTuple

from safety_core.errors import ExecutionError
from safety_core.model.secret import REFERENCE, SecretName

HEREDOC: Final = re.compile(r"<<(?P<dash>-?)[ \t]*(?P<word>(?:'[^'\n]*'|\"[^\"\n]*\"|\\.|[A-Za-z0-9_.%+@-])+)")
LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
CASE: Final = re.compile(r"case\b")
BRACED: Final = re.compile(r"\$\{\w+\}")
BREAKS: Final = " \t\n;&|()<>"
"""After these a word begins, so that "#" begins a comment and "case" is a keyword."""


class _In(Enum):
    """What encloses a character."""

    CODE = auto()
    GROUP = auto()
    SUBSTITUTION = auto()
    DOUBLE = auto()
    SINGLE = auto()
    BACKQUOTE = auto()
    PARAMETER = auto()
    ARITHMETIC = auto()


CODE: Final = frozenset({_In.CODE, _In.GROUP, _In.SUBSTITUTION})
OPAQUE: Final = frozenset({_In.BACKQUOTE, _In.PARAMETER, _In.ARITHMETIC})


def splice(command: str, variables: Mapping[SecretName, str]) -> str:
    """Return `command` with each reference replaced by the expansion of its variable.

    Args:
        variables: name of the environment variable for each secret; all that occur must be there.

    Raises:
        ExecutionError: a reference stands where no expansion is safe.
    """
    if not REFERENCE.search(command):
        return command
    return _Splicer(command, variables).run()


class _Heredoc(NamedTuple):
    """A here-document whose body is still to come, declared at a depth of enclosures."""

    delimiter: str
    expands: bool
    tabs: bool
    depth: int


class _Splicer:
    """Walks over one command line. `fresh`: a word begins here."""

    def __init__(self, text: str, variables: Mapping[SecretName, str]) -> None:
        self._text = text
        self._variables = variables
        self._at = 0
        self._out: list[str] = []
        self._stack = [_In.CODE]
        self._pending: list[_Heredoc] = []
        self._fresh = True

    def run(self) -> str:
        """Walk to the end."""
        while self._at < len(self._text):
            reference = REFERENCE.match(self._text, self._at)
            if reference:
                self._refer(reference)
            elif self._sees("\n"):
                self._newline()
            elif self._stack[-1] is _In.SINGLE:
                self._pop() if self._sees("'") else self._emit(1)
            elif self._sees("\\"):
                self._escape()
            elif self._stack[-1] is _In.BACKQUOTE:
                self._pop() if self._sees("`") else self._emit(1)
            elif not self._opens():
                self._plain()
        if len(self._stack) > 1 or self._pending:
            raise _refusal("the command ends inside of quotes, brackets or a here-document")
        return "".join(self._out)

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _before(self) -> str:
        """The character before this place, or nothing."""
        return self._text[self._at - 1 : self._at]

    def _emit(self, count: int, *, fresh: bool = False) -> None:
        self._out.append(self._text[self._at : self._at + count])
        self._at += count
        self._fresh = fresh

    def _push(self, count: int, *enclosures: _In, fresh: bool = False) -> None:
        self._stack.extend(enclosures)
        self._emit(count, fresh=fresh)

    def _pop(self, *, fresh: bool = False) -> None:
        if any(heredoc.depth == len(self._stack) for heredoc in self._pending):
            raise _refusal("brackets close before the body of a here-document in them")
        self._stack.pop()
        self._emit(1, fresh=fresh)

    def _refer(self, reference: re.Match[str]) -> None:
        """Replace a reference by what expands in this place."""
        top = self._stack[-1]
        if not OPAQUE.isdisjoint(self._stack):
            raise _refusal("it stands in backquotes, ${...} or arithmetic", "give it to a variable first: KEY=...")
        if top is not _In.SINGLE and self._before() == "$":
            raise _refusal("it stands behind a dollar sign")
        expansion = "${" + self._variables[SecretName(reference[1])] + "}"
        quoted = expansion if top is _In.DOUBLE else f'"{expansion}"'
        self._out.append(f"'{quoted}'" if top is _In.SINGLE else quoted)
        self._at = reference.end()
        self._fresh = False

    def _escape(self) -> None:
        if REFERENCE.match(self._text, self._at + 1):
            raise _refusal("it stands behind a backslash")
        if not self._sees("\\\n"):
            self._emit(2)
        elif self._before() in {"", " ", "\t", "\n"} and (self._fresh or self._stack[-1] not in CODE):
            self._emit(2, fresh=self._fresh)
        else:
            raise _refusal("a line is broken in the middle of a word", "break lines behind a space")

    def _opens(self) -> bool:
        """Enter what also opens inside of double quotes; tell whether there was anything."""
        if self._sees("$(("):
            self._push(3, _In.ARITHMETIC, _In.ARITHMETIC)
        elif self._sees("$("):
            self._push(2, _In.SUBSTITUTION, fresh=True)
        elif self._sees("${"):
            self._push(2, _In.PARAMETER)
        elif self._sees("`"):
            self._push(1, _In.BACKQUOTE)
        elif self._sees("$["):
            raise _refusal("the command uses $[...]", "use $((...))")
        else:
            return False
        return True

    def _plain(self) -> None:
        top = self._stack[-1]
        if top in CODE:
            self._code(top)
        elif top is _In.DOUBLE:
            self._pop() if self._sees('"') else self._emit(1)
        elif top is _In.PARAMETER:
            self._parameter()
        elif self._sees('"') or self._sees("'"):
            raise _refusal("the command has quotes in arithmetic")
        elif self._sees("("):
            self._push(1, _In.ARITHMETIC)
        else:
            self._pop() if self._sees(")") else self._emit(1)

    def _parameter(self) -> None:
        if self._sees("}"):
            self._pop()
        elif not (self._sees('"') or self._sees("'")):
            self._emit(1)
        elif _In.DOUBLE in self._stack:
            raise _refusal('the command has quotes inside of "${...}"')
        else:
            self._push(1, _In.DOUBLE if self._sees('"') else _In.SINGLE)

    def _code(self, top: _In) -> None:
        if self._sees("'") and self._before() == "$":
            raise _refusal("the command uses $'...'", "use plain quotes")
        if self._sees("'") or self._sees('"'):
            self._push(1, _In.DOUBLE if self._sees('"') else _In.SINGLE)
        elif self._sees("(("):
            self._push(2, _In.ARITHMETIC, _In.ARITHMETIC)
        elif self._sees("("):
            self._push(1, _In.GROUP, fresh=True)
        elif self._sees(")") and top is not _In.CODE:
            self._pop(fresh=top is _In.GROUP)
        elif self._sees("#") and self._fresh:
            end = self._text.find("\n", self._at)
            self._emit((len(self._text) if end < 0 else end) - self._at)
        elif self._sees("<<"):
            self._heredoc()
        elif self._fresh and CASE.match(self._text, self._at) and _In.SUBSTITUTION in self._stack:
            raise _refusal("the command has a case statement inside of $(...)")
        else:
            self._emit(1, fresh=self._text[self._at] in BREAKS)

    def _heredoc(self) -> None:
        if self._sees("<<<"):
            self._emit(3, fresh=True)
            return
        match = HEREDOC.match(self._text, self._at)
        if not match or self._text[match.end() : match.end() + 1] not in {"", *" \t\n;&|<>)"}:
            raise _refusal("the delimiter of a here-document cannot be read", "use a plain word such as EOF")
        word = match["word"]
        delimiter = re.sub(r"['\"\\]", "", word)
        self._pending.append(_Heredoc(delimiter, delimiter == word, bool(match["dash"]), len(self._stack)))
        self._emit(match.end() - self._at)

    def _newline(self) -> None:
        if any(heredoc.depth != len(self._stack) for heredoc in self._pending):
            raise _refusal("a here-document begins on a line that does not end with its command")
        self._emit(1, fresh=self._stack[-1] in CODE)
        pending, self._pending = self._pending, []
        for heredoc in pending:
            self._body(heredoc)

    def _body(self, heredoc: _Heredoc) -> None:
        """Pass over the body of a here-document, and its delimiter."""
        body: list[str] = []
        for line in LINE.findall(self._text, self._at):
            bare = line.rstrip("\n")
            if (bare.lstrip("\t") if heredoc.tabs else bare) == heredoc.delimiter:
                break
            body.append(line)
        else:
            raise _refusal("a here-document does not end")
        text = "".join(body)
        self._out.append(self._expanded(text) if heredoc.expands else self._literal(text))
        self._at += len(text)
        self._emit(len(line), fresh=True)

    def _literal(self, text: str) -> str:
        if REFERENCE.search(text):
            raise _refusal("it stands in a here-document that does not expand", "write <<EOF without quotes")
        return text

    def _expanded(self, text: str) -> str:
        rest = BRACED.sub("", text)
        if "$(" in rest or "`" in rest or "${" in rest or "$[" in rest or "\\\n" in rest:
            raise _refusal("a here-document has substitutions in it", "give their results to variables first")
        if re.search(r"[\\$]" + REFERENCE.pattern, text):
            raise _refusal("it stands behind a backslash or dollar sign")
        return REFERENCE.sub(lambda match: "${" + self._variables[SecretName(match[1])] + "}", text)


def _refusal(reason: str, fix: str = "put the secret into plain double quotes") -> ExecutionError:
    return ExecutionError("a secret in the command", reason, fix)
