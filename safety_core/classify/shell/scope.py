"""What holds at one point of a script: variables, directory, streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tree_sitter import Node

from safety_core.classify.paths import HOLE

DEEPEST: Final = 12
"""Scripts inside scripts (`bash -c "ssh host 'sudo sh -c ...'"`) that are followed."""

INITIAL: Final[Mapping[str, str]] = {
    "HOME": "/home/user",
    "IFS": " \t\n",
    "TMPDIR": "/" + "tmp",
    "@": "",
    "*": "",
    "#": "0",
    "1": "",
    "2": "",
    "9": "",
}
"""Variables whose values hold in every shell that has just been started."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Text on its way from one program to the next.

    Attributes:
        text: the text itself where it is static, else None.
        origin: what is known of where it came from: "decoded", "downloaded".
        piped: it comes from a program or file, not from whoever started the command.
    """

    text: str | None = None
    origin: frozenset[str] = frozenset()
    piped: bool = True


NOTHING: Final = Stream(text="")
TERMINAL: Final = Stream(piped=False)


@dataclass(slots=True)
class Scope:
    """Changes as commands run; a subshell works on a copy.

    Attributes:
        traits: hold for every effect in here ("privileged", "remote").
        inside: the bodies of the functions that are being run.
        depth: scripts that this one is inside of.
    """

    cwd: str
    variables: dict[str, str] = field(default_factory=lambda: dict(INITIAL))
    functions: dict[str, Node] = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    inside: tuple[int, ...] = ()
    depth: int = 0

    def copy(self) -> Scope:
        """Return a scope whose changes stay in it."""
        return replace(self, variables=dict(self.variables), functions=dict(self.functions))

    def below(self, traits: frozenset[str] = frozenset(), arguments: tuple[str, ...] = ()) -> Scope:
        """Return the scope of another shell that is started from here."""
        scope = self.copy()
        scope.functions = {}
        scope.traits |= traits
        scope.bind(arguments)
        return scope

    def bind(self, arguments: tuple[str, ...]) -> None:
        """Set the positional parameters."""
        self.variables.update({str(number): value for number, value in enumerate(arguments, 1)})
        self.variables.update({name: " ".join(arguments) for name in "@*"})

    def blur(self, before: Mapping[str, str]) -> None:
        """Forget the values that differ from `before`: what set them may have run, once, often or never."""
        for name in self.variables.keys() | before.keys():
            if self.variables.get(name) != before.get(name):
                self.variables[name] = HOLE
