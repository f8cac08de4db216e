"""What holds at one point of a script: variables, directory, streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.nodes import Function

DEEPEST: Final = 12
"""Scripts inside scripts (`bash -c "ssh host 'sudo sh -c ...'"`) that are followed."""

INITIAL: Final[Mapping[str, str]] = {"HOME": "/home/user", "IFS": " \t\n", "TMPDIR": "/" + "tmp"}
"""Variables whose values hold in every shell that has just been started."""

MOST_TEXT: Final = 4096
"""Characters of one variable that are followed; doubling a text thirty times must not fill the memory."""

MOST_ELEMENTS: Final = 256
"""Elements of one array that are followed."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Text on its way from one program to the next.

    Attributes:
        text: the text itself where it is static, else None; a `HOLE` stands for lines of it that are not.
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
        variables: values; a `HOLE` for what is known only when the command runs. Absent: not set by the script.
        arrays: elements by name; the positional parameters under "@".
        aliases: texts that stand for names of commands.
        origins: what is known of where the values of variables came from, which were read from a program or file.
        traits: hold for every effect in here ("privileged", "remote").
        inside: the bodies of the functions that are being run.
        depth: scripts that this one is inside of.
    """

    cwd: str
    variables: dict[str, str] = field(default_factory=lambda: dict(INITIAL))
    arrays: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"@": ()})
    functions: dict[str, Function] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    origins: dict[str, frozenset[str]] = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    inside: tuple[int, ...] = ()
    depth: int = 0

    def copy(self) -> Scope:
        """Return a scope whose changes stay in it."""
        return Scope(
            self.cwd,
            self.variables.copy(),
            self.arrays.copy(),
            self.functions.copy(),
            self.aliases.copy(),
            self.origins.copy(),
            self.traits,
            self.inside,
            self.depth,
        )

    def below(self, traits: frozenset[str] = frozenset(), arguments: tuple[str, ...] = ()) -> Scope:
        """Return the scope of another shell that is started from here."""
        scope = self.copy()
        scope.functions, scope.aliases = {}, {}
        scope.variables["IFS"] = INITIAL["IFS"]
        scope.traits |= traits
        scope.bind(arguments)
        return scope

    def bind(self, arguments: tuple[str, ...]) -> None:
        """Set the positional parameters."""
        self.set_all("@", arguments)

    def value(self, name: str) -> str | None:
        """Return the value of a variable or parameter, None where the script has not set it."""
        found = self.variables.get(name)
        if found is not None:
            return found
        arguments = self.arrays["@"]
        if name in {"@", "*"}:
            return " ".join(arguments)
        if name == "#":
            return HOLE if HOLE in arguments else str(len(arguments))
        if name.isdigit() and name != "0":
            return arguments[int(name) - 1] if int(name) <= len(arguments) else ""
        elements = self.arrays.get(name)
        return None if elements is None else "".join(elements[:1])

    def set(self, name: str, value: str) -> None:
        """Give a variable a value."""
        self.arrays.pop(name, None)
        self.variables[name] = value if len(value) <= MOST_TEXT else HOLE

    def set_all(self, name: str, values: tuple[str, ...]) -> None:
        """Give an array its elements."""
        self.variables.pop(name, None)
        self.arrays[name] = values if len(values) <= MOST_ELEMENTS else (HOLE,) * 9

    def drop(self, name: str) -> None:
        """Unset a variable, which is then empty."""
        self.arrays.pop(name, None)
        self.variables[name] = ""

    def blur(self, before: Scope) -> None:
        """Forget what differs from `before`: what set it may have run, once, often or never."""
        for name in self.variables.keys() | before.variables.keys() | self.arrays.keys() | before.arrays.keys():
            changed = self.variables.get(name) != before.variables.get(name)
            if name == "@" and self.arrays["@"] != before.arrays["@"]:
                self.arrays["@"] = (HOLE,) * 9
            elif changed or self.arrays.get(name) != before.arrays.get(name):
                self.set(name, HOLE)

    def differs(self, other: Scope) -> bool:
        """Tell whether variables or parameters have other values there."""
        return self.variables != other.variables or self.arrays != other.arrays
