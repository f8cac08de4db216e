"""How long an answer is held back while it streams: `python -m bench.stream_hold`.

Texts of installed packages (prose and readme files, code, arguments of tool calls that write that code) are cut as a
byte-pair tokenizer cuts them, about 3.7 characters a token: a word with the space before it, longer words and
identifiers in pieces, digits by three, marks by themselves. After each token it is noted how many characters have come
in and not yet gone out, and what processor time it took.

The last lines plant a registered secret of each kind in each text; the last column counts the characters of their
beginnings that went out in clear. Beside ours runs what LiteLLM's content filter does (1.106.4): 50 characters are
always held back, whatever they are, and whole values are looked for. (It is simulated, and knows the planted values
alone: its time says nothing.)
"""

from __future__ import annotations

import json
import random
import re
import statistics
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import click
from rich.console import Console
from rich.table import Table

from bench.corpus import pieces, sources
from bench.invented import REGISTERED, registered
from bench.scanners.ours import Scanner
from safety_core.redact.stream import StreamRedactor

FIXED: Final = 50
"""Characters that LiteLLM holds back."""

CONTEXT: Final = 512
SEEN: Final = 4
"""Characters of a secret that may be there by chance."""

_PICTURE: Final = re.compile(r"[A-Za-z0-9+/]{200}")
"""A readme may hold a picture in base64. No model writes one as an answer, and a stream waits for its end."""

_TOKEN: Final = re.compile(r" ?[A-Za-z]+|[0-9]{1,3}| ?[^\sA-Za-z0-9]+|\s+(?=\S)|\s+")
_PART: Final = re.compile(r" ?[A-Z]?[a-z]+| ?[A-Z]+")
KINDS: Final = ("prose", "code", "arguments")


@dataclass(frozen=True, slots=True)
class Held:
    """Of one text: characters held after each token, seconds per token, what came out."""

    held: list[int]
    seconds: list[float]
    sent: str


def tokens(text: str) -> Iterator[str]:
    """Yield pieces of `text`, always the same, all of it in order."""
    for found in _TOKEN.finditer(text):
        for part in _PART.findall(found[0]) if found[0].strip().isalpha() else [found[0]]:
            yield from _pieces(part)


def _pieces(part: str) -> Iterator[str]:
    """Yield a word whole up to 7 letters, half of the words up to 11 letters too; others in pieces of 3 to 5."""
    if len(part) <= 8 or (len(part) <= 12 and zlib.crc32(part.strip().lower().encode()) % 2):
        yield part
        return
    at = 0
    while at < len(part):
        size = 3 + zlib.crc32(part[at:].encode()) % 3
        yield part[at : at + size]
        at += size


def texts(size: int) -> dict[str, list[str]]:
    """Return pieces of about 2,000 characters by kind, `size` of each."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for piece in pieces(sources(Path("nowhere"))):
        if piece.kind in {"prose", "code"} and len(found[piece.kind]) < 2 * size and not _PICTURE.search(piece.text):
            found[piece.kind].append(piece.text)
        if min(len(found["prose"]), len(found["code"])) >= 2 * size:
            break
    code = found["code"]
    found["arguments"] = [
        json.dumps({"path": f"src/part_{index}.py", "content": text}) for index, text in enumerate(code[size:])
    ]
    return {kind: each[:size] for kind, each in found.items()}


class Stream(Protocol):
    """What is measured."""

    def feed(self, text: str) -> str:
        """Take a token, return what goes out."""

    def end(self) -> str:
        """Return the rest."""

    @property
    def held(self) -> int:
        """How many characters have come in and not yet gone out, themselves or a placeholder for them."""


def measured(text: str, stream: Stream) -> Held:
    """Feed the text token by token."""
    held: list[int] = []
    seconds: list[float] = []
    sent: list[str] = []
    for token in tokens(text):
        begun = time.process_time()
        sent.append(stream.feed(token))
        seconds.append(time.process_time() - begun)
        held.append(stream.held)
    return Held(held, seconds, "".join([*sent, stream.end()]))


class Fixed:
    """Holds back the last `FIXED` characters, and looks for whole secrets in them and in `CONTEXT` before them."""

    def __init__(self, secrets: list[str]) -> None:
        self._secrets = re.compile("|".join(map(re.escape, sorted(secrets, key=len, reverse=True))))
        self._seen = ""
        self._gone = 0

    def feed(self, text: str) -> str:
        """Take a token, return what goes out."""
        self._seen += text
        return self._out(len(self._seen) - FIXED)

    def end(self) -> str:
        """Return the rest."""
        return self._out(len(self._seen))

    @property
    def held(self) -> int:
        """How many characters are held back."""
        return len(self._seen) - self._gone

    def _out(self, end: int) -> str:
        """Return what is behind the last character that went out, without the secrets that are seen whole."""
        if end <= self._gone:
            return ""
        pieces: list[str] = []
        for found in self._secrets.finditer(self._seen, max(0, self._gone - CONTEXT)):
            if found.end() > self._gone and found.start() < end:
                pieces += (self._seen[self._gone : max(self._gone, found.start())], "[REDACTED]")
                self._gone = found.end()
        pieces.append(self._seen[self._gone : end])
        self._gone = max(self._gone, end)
        return "".join(pieces)


def leaked(sent: str, secrets: Iterable[str]) -> int:
    """Return how many characters of secrets stand in `sent`, counted from each one's beginning."""
    total = 0
    for secret in secrets:
        size = next((size for size in range(len(secret), SEEN, -1) if secret[:size] in sent), 0)
        total += size
    return total


def planted(text: str, secrets: list[str], chance: random.Random) -> str:
    """Return the text with secrets between its words."""
    words = text.split(" ")
    for secret in secrets:
        words.insert(chance.randrange(len(words)), secret)
    return " ".join(words)


def _row(name: str, runs: list[Held], leaks: int | None) -> list[str]:
    held = sorted(count for run in runs for count in run.held)
    seconds = sorted(each * 1e6 for run in runs for each in run.seconds)
    return [
        name,
        f"{len(held):,}",
        f"{statistics.fmean(held):.2f}",
        f"{held[len(held) * 95 // 100]}",
        f"{held[-1]}",
        f"{statistics.fmean(seconds):.1f}",
        f"{seconds[len(seconds) // 2]:.1f}",
        f"{seconds[len(seconds) * 99 // 100]:.0f}",
        "" if leaks is None else str(leaks),
    ]


@click.command()
@click.option("--secrets", default=1000, show_default=True, help="Registered secrets.")
@click.option(
    "--texts", "count", default=40, show_default=True, help="Texts of each kind, about 2,000 characters each."
)
@click.option("--no-peer", is_flag=True, help="Only our own streams.")
def main(secrets: int, count: int, no_peer: bool) -> None:
    """Show how many characters are held back after each token, and what a token costs."""
    known = registered(secrets)
    scanner = Scanner(known)
    measured("warm up, once", StreamRedactor(scanner.redactor))
    chosen = texts(count)
    cut = [token for each in chosen.values() for text in each for token in tokens(text)]
    table = Table(
        title=f"{secrets:,} secrets, {len(scanner.patterns.patterns)} patterns, "
        f"{sum(map(len, cut)) / len(cut):.2f} characters a token"
    )
    for column in ("stream", "tokens", "held, mean", "p95", "most", "us a token", "median", "p99", "leaked"):
        table.add_column(column, justify="left" if column == "stream" else "right")
    everything: list[Held] = []
    for kind, each in chosen.items():
        runs = [measured(text, StreamRedactor(scanner.redactor)) for text in each]
        everything += runs
        table.add_row(*_row(kind, runs, None))
    table.add_row(*_row("all", everything, None))
    chance = random.Random(1)
    hidden = [*known.values()][: len(REGISTERED)]
    sown = [planted(text, hidden, chance) for text in islice(chosen["prose"], 8)]
    makers: dict[str, Callable[[], Stream]] = {"ours, planted": lambda: StreamRedactor(scanner.redactor)}
    if not no_peer:
        makers[f"fixed {FIXED}, planted"] = lambda: Fixed(hidden)
    for name, maker in makers.items():
        runs = [measured(text, maker()) for text in sown]
        table.add_row(*_row(name, runs, sum(leaked(run.sent, hidden) for run in runs)))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
