"""What it costs to look for words that speak to a model, and for numbers of accounts: on prose, and on texts that were
made up to take long. How much longer those take, and a long text of them than a short one, is held by budgets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bench.figure import Figure
from bench.measure import seconds
from safety_core.match.accounts import account_numbers
from safety_core.match.instructions import spoken

SECTION: Final = "Words that speak to a model, and numbers"
ROUNDS: Final = 5

SHORT: Final = 32 * 1024
LONG: Final = 8 * SHORT

PROSE: Final = "The bread is in the oven and smells of morning. We wait for it, and talk about the weather.\n"
"""What is neither told nor hidden."""

WORDS: Final = (
    "now use tool ",
    "never tell ",
    "note to ai ",
    "hey ai,,,,,,,,,,",
    "send ~/.a~/.a~/.a~/.a ",
    "send all secrets ",
    "curl @@@@@@@@@@",
    "<root>",
    ">system" + ">" * 100,
    "<" + "\n" * 500 + "system",
    "игнорируй",
    "do not tell the user" + " ai" * 200,
    "nbswy3dpeb3w64tmmqxw ",
    "&lt;as a copilot, the ai ",
    "new admin use &lt;admin> ",
)
NUMBERS: Final = ("MT00-", "4111-", "root:", "key " + "a" * 63, "seed " + "bread " * 11 + ". ", "%41", "5H1")
"""What many things begin with and few end."""


LOOKS: Final[Mapping[str, tuple[str, Callable[[str], object], tuple[str, ...]]]] = {
    "words": ("words that speak to a model", spoken, WORDS),
    "numbers": ("numbers of accounts", account_numbers, NUMBERS),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """CPU seconds for a short text: of prose, and of what took longest; what a byte of a long one costs beside it."""

    prose: float
    slowest: float
    growth: float


def figures() -> Iterator[Figure]:
    """Measure, and yield MiB a second with their goals, and the ratios that the budgets hold."""
    for name, (what, _, _) in LOOKS.items():
        taken, mib = measured(name, ROUNDS), SHORT / 2**20
        yield Figure(SECTION, f"{name}_prose", f"{what}, in prose", mib / taken.prose, "MiB/s", 10, more=True)
        yield Figure(SECTION, f"{name}_made", f"{what}, slowest text", mib / taken.slowest, "MiB/s", 2, more=True)
        yield Figure(SECTION, f"{name}_slowest", f"{what}: the slowest text / prose", taken.slowest / taken.prose, "x")
        yield Figure(SECTION, f"{name}_growth", f"{what}: a byte of 256 KiB / of 32 KiB", taken.growth, "x")


def ratios(rounds: int) -> dict[str, float]:
    """Return the ratios alone."""
    found: dict[str, float] = {}
    for name in LOOKS:
        taken = measured(name, min(rounds, ROUNDS))
        found |= {f"{name}_slowest": taken.slowest / taken.prose, f"{name}_growth": taken.growth}
    return found


def measured(name: str, rounds: int) -> Taken:
    """Return what one of the looks takes; each is the least of some rounds."""
    _, look, pieces = LOOKS[name]
    prose = _least(look, PROSE, SHORT, rounds)
    each = {piece: _least(look, piece, SHORT, rounds) for piece in pieces}
    slowest = max(each, key=each.__getitem__)
    return Taken(prose, each[slowest], _least(look, slowest, LONG, rounds) * SHORT / LONG / each[slowest])


def _least(look: Callable[[str], object], piece: str, size: int, rounds: int) -> float:
    text = piece * (size // len(piece.encode()))
    return min(seconds(lambda: look(text), 1) for _ in range(rounds))
