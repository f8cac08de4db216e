"""The part of Rego that every engine runs alike, and that cannot reach the network, the clock or the machine.

A rule may use the language itself, the functions below, its own functions, `input`, `data.hosts` and
`data.catalogue`. Refused: any other function (whether the engine knows it or not), `with`, string
interpolation, other imports, other data, calls through brackets. Time, randomness and environment come in
the facts or not at all. Works on tokens, not on a syntax tree, so that no engine's parser is believed; what
it cannot read, it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from safety_core.errors import PolicyError

MODULE_LIMIT: Final = 256 * 1024
"""Characters of one module; engines stop at 1 MiB."""

LINE_LIMIT: Final = 1000
"""Characters of one line; the embedded engine stops at 1024."""

FUNCTIONS: Final = frozenset(
    """
    abs ceil floor round numbers.range count sum product max min sort
    array.concat array.reverse array.slice intersection union
    object.filter object.get object.keys object.remove object.subset object.union object.union_n
    concat contains endswith format_int indexof lower replace split sprintf startswith substring upper
    strings.any_prefix_match strings.any_suffix_match strings.replace_n strings.reverse
    trim trim_left trim_prefix trim_right trim_space trim_suffix
    regex.find_all_string_submatch_n regex.find_n regex.is_valid regex.match regex.replace regex.split glob.match
    is_array is_boolean is_null is_number is_object is_set is_string to_number type_name set
    """.split()  # noqa: SIM905 - read as a table
)
"""Every function a rule may call: pure, total in time, and measured to be the same in the engines."""

RULE_DATA: Final = frozenset({"hosts", "catalogue"})
"""Parts of the bundle's data that a rule may read."""

KEYWORDS: Final = frozenset(
    {"as", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package", "some", "true", "with"}
)

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t]+|\#[^\n]*)|(?P<line>\n)|(?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>[0-9][0-9.eE]*)|(?P<sign>[\[\](){}.,:;=<>!|&+\-*/%])"""
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `first` marks the first of its line, at column one."""

    kind: str
    text: str
    line: int
    first: bool


def check_module(name: str, text: str) -> None:
    """Refuse a rule that leaves the profile.

    Raises:
        PolicyError: naming file and line.
    """
    if len(text) > MODULE_LIMIT:
        raise PolicyError(name, f"is longer than {MODULE_LIMIT} characters", "split the rule")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_LIMIT:
            raise PolicyError(f"{name}:{number}", f"is longer than {LINE_LIMIT} characters", "break the line")
    tokens = list(_tokens(name, text))
    own = {one.text for one, two in pairwise(tokens) if one.first and two.text == "("}
    for function in sorted(own & FUNCTIONS):
        raise PolicyError(name, f"defines {function}, which is a function of the language", "choose another name")
    for position in range(len(tokens)):
        _check(name, tokens, position, own)


def _tokens(name: str, text: str) -> Iterator[Token]:
    """Yield words, texts, numbers and signs; space and comments are left out, line ends are kept as signs."""
    line, start, position = 1, 0, 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            what = "string interpolation" if text[position] == "$" else f"{text[position]!r}"
            raise PolicyError(
                f"{name}:{line}", f"uses {what}, which is outside of the profile", "use sprintf or plain signs"
            )
        kind = str(found.lastgroup)
        if kind != "space":
            yield Token(kind, found[0], line, position == start)
        line += found[0].count("\n")
        position = found.end()
        start = position if kind == "line" else start


def _check(name: str, tokens: list[Token], position: int, own: set[str]) -> None:
    token = tokens[position]
    place = f"{name}:{token.line}"
    after = tokens[position + 1].text if position + 1 < len(tokens) else ""
    before = tokens[position - 1].text if position else ""
    if token.text == "with":
        raise PolicyError(place, "uses with, which belongs into tests")
    if token.text == "]" and after == "(":
        raise PolicyError(place, "calls through brackets", "write the function's name")
    if token.kind != "word" or before == ".":
        return
    path = _path(tokens, position)
    called = path.pop() if path[-1] == "(" else ""
    if token.text == "import" and _path(tokens, position + 1) != ["rego", "v1"]:
        raise PolicyError(place, "imports something other than rego.v1", "write the full name where it is used")
    if token.text == "data" and (len(path) < 2 or path[1] not in RULE_DATA):
        raise PolicyError(place, f"reads data other than {', '.join(sorted(RULE_DATA))}")
    if called and path[0] not in KEYWORDS and ".".join(path) not in FUNCTIONS | own:
        raise PolicyError(
            place, f"calls {'.'.join(path)}, which is outside of the profile", "policies/README.md lists the functions"
        )


def _path(tokens: list[Token], position: int) -> list[str]:
    """Return the dotted name that begins here, with "(" at its end where it is called."""
    parts = [tokens[position].text]
    position += 1
    while position + 1 < len(tokens) and tokens[position].text == "." and tokens[position + 1].kind == "word":
        parts.append(tokens[position + 1].text)
        position += 2
    if position < len(tokens) and tokens[position].text == "(":
        parts.append("(")
    return parts
