"""A word of the tree -> the words the shell would make of it.

Quotes, escapes, variables, braces, `$IFS` and word splitting are followed where they are static. What only the running
shell knows becomes a `HOLE` in the word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

from safety_core.classify.paths import HOLE
from safety_core.classify.shell import nodes
from safety_core.classify.shell.expansion import changed, given_default, known_value, slice_of
from safety_core.classify.shell.nodes import Parameter, Substitution, Text
from safety_core.classify.shell.scope import Scope
from safety_core.classify.shell.spelling import PLAIN, spelling

MOST_WORDS: Final = 64
"""Words that one brace expansion may yield; of `{1..1000000}` a hole stands for the rest."""

MOST_EXPANDED: Final = 200_000
"""Characters that are looked at in one brace expansion; a hole stands for the rest."""

_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|c.|.)", re.DOTALL)
_LETTERS: Final = dict(zip("ntraebfvE\\'\"?", "\n\t\r\a\x1b\b\f\v\x1b\\'\"?", strict=True))
_SPECIAL: Final = re.compile(r"[{*?\[~]")
_RANGE: Final = re.compile(
    r"(-?\d{1,9})\.\.(-?\d{1,9})(?:\.\.(-?\d{1,9}))?|([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d{1,9}))?"
)
_BREAK: Final = ("", "break")

Run: TypeAlias = Callable[[Substitution], str]
"""Runs a substitution's commands through the classifier; returns its static output, else a hole."""

Evaluate: TypeAlias = Callable[[nodes.Word], str]
"""Runs what an arithmetic expression runs; returns its value, a hole where that is not static."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        glob: the shell may still replace it by names of files.
        spelling: how it was written ("pieced", "coded"), where that is not how honest people write.
    """

    text: str
    glob: bool = False
    spelling: str = PLAIN

    @property
    def known(self) -> bool:
        """True where nothing of it depends on the running shell."""
        return HOLE not in self.text


Character: TypeAlias = tuple[str, str]
"""A character and how the shell came by it: "bare", "quoted", "loose" (out of an unquoted expansion), or a break."""


class Words:
    """Makes words, with what holds in a scope."""

    def __init__(self, scope: Scope, run: Run, evaluate: Evaluate) -> None:
        self.scope = scope
        self.run = run
        self.evaluate = evaluate

    def of(self, parts: nodes.Word) -> list[Word]:
        """Return the words it becomes: none for an empty unquoted expansion, several after splitting."""
        if len(parts) == 1:
            only = parts[0]
            if isinstance(only, Text) and only.text and only.how in {"bare", "single", "double"}:
                if only.how == "bare" and _SPECIAL.search(only.text) is None:
                    return [Word(only.text)]
                if only.how != "bare" and only.text[0] != "~":
                    return [Word(only.text)]
        spelled = spelling(parts)
        words = [word for piece in _braces(list(self.characters(parts))) for word in self._split(piece, spelled)]
        return words if len(words) <= MOST_WORDS else [*words[:MOST_WORDS], Word(HOLE)]

    def one(self, parts: nodes.Word) -> str:
        """Return the text where the shell does not split, as in an assignment or a here-string."""
        return "".join(character or (" " if mode == "break" else "") for character, mode in self.characters(parts))

    def characters(self, parts: nodes.Word) -> Iterator[Character]:
        """Yield the characters that the parts become."""
        for part in parts:
            match part:
                case Text(text=text, how="ansi"):
                    yield from _as(_ESCAPE.sub(_unescape, text).partition("\0")[0], "quoted")
                case Text(text=text, how="bare" | "loose" as how):
                    yield from ((character, how) for character in text)
                case Text(text=text):
                    yield from _as(text, "quoted")
                case Parameter():
                    yield from self._parameter(part)
                case Substitution():
                    yield from self._substituted(part)
                case _:
                    yield from _as(self.evaluate(part.expression), "quoted")

    def _substituted(self, part: Substitution) -> Iterator[Character]:
        return _as(self.run(part), "quoted" if part.quoted or part.direction else "loose")

    def _parameter(self, part: Parameter) -> Iterator[Character]:
        mode = "quoted" if part.quoted else "loose"
        argument = list(self.characters(part.argument))
        index = self.one(part.index) if part.index is not None else ""
        if part.index is not None and index not in {"@", "*"}:
            index = self.evaluate(part.index)
        if part.indirect:
            return self._indirect(part, mode)
        if part.name in {"@", "*"} or index in {"@", "*"}:
            return self._all(part, index or part.name, argument, mode)
        value = self._element(part.name, index) if index else known_value(self.scope, part.name)
        if part.operator in {":-", "-", ":=", "=", ":+", "+", ":?", "?"} and part.name:
            return self._default(part, value, argument, mode)
        if value is None or not part.name:
            return _as(HOLE, mode)
        text = "".join(character for character, _ in argument)
        return _as(changed(value, part.operator, text) if part.operator else value, mode)

    def _default(self, part: Parameter, value: str | None, argument: list[Character], mode: str) -> Iterator[Character]:
        if value == HOLE and part.operator[-1] != "?":
            return _as(HOLE, mode)
        if part.operator[-1] == "?":
            return _as(HOLE if value is None else value, mode)
        if not given_default(value, part.operator):
            return _as("" if part.operator[-1] == "+" or value is None else value, mode)
        if part.operator[-1] == "=":
            self.scope.set(part.name, "".join(character for character, _ in argument))
        return iter(argument)

    def _element(self, name: str, index: str) -> str | None:
        elements = self.scope.arrays.get(name)
        if elements is None or not re.fullmatch(r"-?\d{1,4}", index):
            return known_value(self.scope, name) if index == "0" else HOLE
        number = int(index)
        return elements[number] if -len(elements) <= number < len(elements) else ""

    def _indirect(self, part: Parameter, mode: str) -> Iterator[Character]:
        name = self.scope.value(part.name)
        static = name is not None and part.index is None and not part.operator and re.fullmatch(r"\w+", name)
        value = known_value(self.scope, name) if static and name else None
        return _as(HOLE if value is None else value, mode)

    def _all(self, part: Parameter, sign: str, argument: list[Character], mode: str) -> Iterator[Character]:
        name = part.name if part.name not in {"@", "*"} else "@"
        values = self.scope.arrays.get(name)
        if values is None:
            single = known_value(self.scope, name)
            values = (HOLE,) if single is None else (single,)
        if part.operator == "length":
            return _as(HOLE if HOLE in values else str(len(values)), mode)
        if part.operator:
            values = self._all_changed(values, part.operator, argument)
        if sign == "*" and part.quoted:
            return _as(self.scope.variables.get("IFS", " ")[:1].join(values), mode)
        return _listed(values, mode)

    def _all_changed(self, values: tuple[str, ...], operator: str, argument: list[Character]) -> tuple[str, ...]:
        text = "".join(character for character, _ in argument)
        if operator in {":-", "-", ":+", "+"} and HOLE not in values:
            return (text,) if bool(values) is (operator[-1] == "+") else values
        if operator == ":":
            part = slice_of(text, len(values) + 1)  # ${@:1} begins at the first; ${@:0} with the shell's own name
            return (HOLE,) if part is None or part.start == 0 else ("", *values)[part]
        return tuple(changed(value, operator, text) for value in values)

    def _split(self, characters: list[Character], spelled: str) -> Iterator[Word]:
        """Split at white space out of an unquoted expansion; an empty word stays only where it was quoted."""
        separators = self.scope.variables.get("IFS", "")
        word: list[Character] = []
        for character in characters:
            if character[1] == "loose" and HOLE in separators:
                word.append((HOLE, "loose"))
            elif character == _BREAK or (character[1] == "loose" and character[0] in separators):
                yield from _word(word, spelled)
                word = []
            else:
                word.append(character)
        yield from _word(word, spelled)


def _as(text: str, mode: str) -> Iterator[Character]:
    if mode == "quoted" and not text:
        return iter([("", mode)])
    return ((character, mode) for character in text)


def _listed(values: tuple[str, ...], mode: str) -> Iterator[Character]:
    for index, value in enumerate(values):
        if index:
            yield _BREAK
        yield from _as(value, mode)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        number = int(code[1:], 16)
        return HOLE if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)
    if code[0] in "01234567":
        return chr(int(code, 8) & 0xFF)
    if code[0] == "c" and len(code) == 2:
        return chr(ord(code[1]) & 0x1F)
    return _LETTERS.get(code, match[0])


def _braces(characters: list[Character]) -> list[list[Character]]:
    """Expand `a{b,c}d` and `{1..3}`, unquoted, from left to right and outermost first."""
    done: list[list[Character]] = []
    queue = [characters]
    budget = MOST_EXPANDED
    while queue and len(done) <= MOST_WORDS:
        piece = queue.pop(0)
        budget -= len(piece)
        if budget < 0 and piece is not characters:
            return [*done, [(HOLE, "quoted")]]
        choices = _first_brace(piece)
        if choices:
            queue = choices + queue
        else:
            done.append(piece)
    return done


def _first_brace(piece: list[Character]) -> list[list[Character]]:
    """Return the variants of the first brace pair that has a comma or is a range, or nothing."""
    opened: list[int] = []
    commas: dict[int, list[int]] = {}
    best: tuple[int, int] | None = None
    for index, character in enumerate(piece):
        if character == ("{", "bare"):
            opened.append(index)
        elif character == (",", "bare") and opened:
            commas.setdefault(opened[-1], []).append(index)
        elif character == ("}", "bare") and opened:
            start = opened.pop()
            if (best is None or start < best[0]) and (start in commas or _range(piece[start + 1 : index])):
                best = (start, index)
    if best is None:
        return []
    start, end = best
    if start not in commas:
        return [[*piece[:start], *_as(text, "bare"), *piece[end + 1 :]] for text in _range(piece[start + 1 : end])]
    cuts = [start, *commas[start], end]
    return [piece[:start] + piece[a + 1 : b] + piece[end + 1 :] for a, b in pairwise(cuts)][: MOST_WORDS + 1]


def _range(inside: list[Character]) -> list[str]:
    if len(inside) > 32 or any(mode != "bare" for _, mode in inside):
        return []
    match = _RANGE.fullmatch("".join(character for character, _ in inside))
    if match is None:
        return []
    numbers = match[1] is not None
    first, last = (int(match[1]), int(match[2])) if numbers else (ord(match[4]), ord(match[5]))
    step = abs(int(match[3] or match[6] or 1)) or 1
    values = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    width = max(len(text) for text in match.group(1, 2)) if numbers and re.search(r"(?<!\d)0\d", match[0]) else 0
    return [(str(value).zfill(width) if numbers else chr(value)) for value in values[: MOST_WORDS + 1]]


def _word(characters: list[Character], spelled: str) -> Iterator[Word]:
    if characters:
        text = "".join(character for character, _ in characters)
        if characters[0] == ("~", "quoted"):
            text = f"./{text}"
        glob = any(character in "*?[" and mode != "quoted" for character, mode in characters if character)
        yield Word(text, glob, spelled)
