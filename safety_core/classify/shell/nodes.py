"""The syntax tree of a script: commands, and the words they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves.

    Attributes:
        how: how they were written: "bare", "escaped", "single", "double", "ansi" (its escapes still in it), or "loose":
            bare inside of an expansion, where the shell splits them into words later.
    """

    text: str
    how: str = "bare"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name` or `${...}`.

    Attributes:
        operator: what is done with the value (":-", "##", "//", "length", "" for nothing, "?" for what is not known).
        argument: the operator's own word.
        index: the subscript ("@" as a text), None where there is none.
        indirect: the value is the name of the variable that is meant (`${!name}`).
    """

    name: str
    operator: str = ""
    argument: Word = ()
    index: Word | None = None
    indirect: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(...)`, backquotes, or `<(...)`, whose place is taken by the name of a file (`direction` "<" or ">")."""

    body: Sequence
    quoted: bool = False
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((...))`, as an expansion or, unquoted, as a command: the expression with its expansions."""

    expression: Word
    quoted: bool = False


Part: TypeAlias = Text | Parameter | Substitution | Arithmetic
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value`, `name[index]+=value`, `name=(values)`; `values` is None where it is no array."""

    name: str
    value: Word = ()
    index: Word | None = None
    values: tuple[Assignment | Word, ...] | None = None
    appended: bool = False


@dataclass(slots=True)
class Redirect:
    """A redirection. The body of a here-document is filled in when its lines are reached."""

    operator: str
    target: Word = ()
    body: Word | None = None
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Simple:
    """A simple command; the arguments of `declare` and its like may be assignments."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word | Assignment, ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """Commands one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AndOr:
    """Commands of which each but the first may be left out; `signs` stand between them."""

    parts: tuple[Node, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands side by side; each but the first reads what the one before prints."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    """`( ... )`, and a coprocess or background job: changes stay inside."""

    body: Node


@dataclass(frozen=True, slots=True)
class Branches:
    """`if`, `while`, `until`, `case`: words that are looked at, then parts that may run, once, often or never."""

    parts: tuple[Node, ...]
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """`for` and `select`; `words` is None for the positional parameters."""

    variable: str
    words: tuple[Word, ...] | None
    body: Node


@dataclass(frozen=True, slots=True)
class Test:
    """`[[ ... ]]`: its words."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A definition; `source` is its text."""

    name: str
    body: Node
    source: str


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections."""

    body: Node
    redirects: tuple[Redirect, ...]


Node: TypeAlias = (
    Simple | Sequence | AndOr | Pipeline | Subshell | Branches | Loop | Test | Function | Redirected | Arithmetic
)
