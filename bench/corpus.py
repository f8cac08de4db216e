"""Chat requests of real text, made when the run starts: the same files and the same seed give the same bytes.

The text is what installed packages brought along: code, readme files and licences, data, web pages, and messages
translated into many languages. It is cut in pieces of about 2 KiB, one per file, in turns over the packages. A piece in
which any scanner sees a secret is left out, so that nobody pays for a finding in a clean body.
"""

from __future__ import annotations

import json
import random
import re
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PIECE: Final = 2048
"""Characters of one message."""

LARGEST: Final = 1024 * 1024
SIZES: Final = {"4k": 4 * 1024, "64k": 64 * 1024, "1m": LARGEST}
ROLES: Final = ("user", "assistant", "tool")

KINDS: Final[dict[str, tuple[float, tuple[str, ...]]]] = {
    "code": (0.40, ("*.py", "*.pyi", "*.c", "*.pyx")),
    "prose": (0.25, ("METADATA", "*.md", "*.rst", "LICENSE*")),
    "data": (0.10, ("*.json", "*.toml", "*.yaml")),
    "web": (0.10, ("*.js", "*.css", "*.html")),
    "languages": (0.15, ("*.po",)),
}
"""Share of all characters, and the files that they are taken from."""

_TRANSLATED: Final = re.compile(r'^(?:msgstr(?:\[\d+\])? )?"(.+)"$', re.MULTILINE)
_CHAFF: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A message, and what kind of text it is."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """A chat request, and what share of its characters is of which kind."""

    raw: bytes
    shares: dict[str, float]


def pieces(folders: list[Path]) -> Iterator[Piece]:
    """Yield pieces in an order that keeps the shares of the kinds, until the files run out."""
    chance = random.Random(3)
    streams = {kind: _of_kind(kind, globs, folders, chance.random()) for kind, (_, globs) in KINDS.items()}
    kinds = [kind for kind, (share, _) in KINDS.items() for _ in range(round(share * 20))]
    while kinds:
        chance.shuffle(kinds)
        for kind in [*kinds]:
            piece = next(streams[kind], None)
            if piece is None:
                kinds = [other for other in kinds if other != kind]
            else:
                yield piece


def _of_kind(kind: str, globs: tuple[str, ...], folders: list[Path], seed: float) -> Iterator[Piece]:
    chance = random.Random(seed)
    for path in _by_turns(
        [(path, folder) for folder in folders for glob in globs for path in folder.rglob(glob)], chance
    ):
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if kind == "languages":
            text = "\n".join(found[1] for found in _TRANSLATED.finditer(text))
        start = text.find("\n", chance.randrange(max(1, len(text) - PIECE))) + 1
        part = _CHAFF.sub(" ", text[start : start + PIECE])
        if len(part) > PIECE // 2:
            yield Piece(kind, part)


def _by_turns(files: list[tuple[Path, Path]], chance: random.Random) -> Iterator[Path]:
    """Yield files, each given with the folder it was found in, in turns over the packages: none outweighs the rest."""
    packages: dict[str, set[Path]] = {}
    for path, folder in files:
        packages.setdefault(path.relative_to(folder).parts[0], set()).add(path)
    queues = [sorted(packages[name]) for name in sorted(packages)]
    for queue in queues:
        chance.shuffle(queue)
    while queues:
        for queue in queues:
            yield queue.pop()
        queues = [queue for queue in queues if queue]


def sources(peers: Path) -> list[Path]:
    """Return the folders that the text is taken from: the installed packages, ours and those of the peers."""
    return [path for path in (Path(sysconfig.get_path("purelib")), peers) if path.is_dir()]


def clean_pieces(
    stream: Iterator[Piece], clean: Callable[[list[str]], list[bool]], tick: Callable[[int, int], None]
) -> list[Piece]:
    """Return pieces for the largest body, in which no scanner sees anything."""
    kept: list[Piece] = []
    size = 0
    while size < LARGEST * 1.1:
        batch = [piece for _, piece in zip(range(64), stream, strict=False)]
        if not batch:
            break
        good = [piece for piece, fine in zip(batch, clean([it.text for it in batch]), strict=True) if fine]
        kept += good
        size += sum(len(_message(0, piece.text)) for piece in good)
        tick(min(size, LARGEST), LARGEST)
    return kept


def body(pieces: list[Piece], size: int, planted: list[str] | None = None) -> Body:
    """Return a request of exactly `size` bytes and of ten messages or more; what is planted stands between the
    lines of its messages."""
    messages: list[dict[str, str]] = []
    shares: dict[str, int] = {}
    short = max(256, min(PIECE, size // 16))
    texts = _sown([piece.text[:short] for piece in pieces], planted or [], size)
    for index, (piece, text) in enumerate(zip(pieces, texts, strict=True)):
        room = size - len(_request(messages)) - len(_message(index, "")) - 2
        if room <= 0:
            break
        part = _fitting(text, room)
        messages.append({"role": ROLES[index % 3], "content": part})
        shares[piece.kind] = shares.get(piece.kind, 0) + len(part)
    raw = _request(messages)
    total = sum(shares.values())
    raw = raw[:-1] + b" " * (size - len(raw)) + b"}"
    return Body(raw, {kind: round(count / total, 3) for kind, count in shares.items()})


def _sown(texts: list[str], planted: list[str], size: int) -> list[str]:
    """Return the texts with the secrets spread over those that fit into `size`."""
    fitting = max(1, size // (PIECE + 512))
    sown = [*texts]
    for turn, secret in enumerate(planted):
        at = turn * fitting // len(planted)
        lines = sown[at].split("\n")
        middle = len(lines) // 2
        sown[at] = "\n".join([*lines[:middle], f"export VALUE={secret}", *lines[middle:]])
    return sown


def _fitting(text: str, room: int) -> str:
    """Return the beginning of `text` that takes at most `room` bytes as JSON."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(_dumped(text[:middle])) - 2 <= room else (low, middle - 1)
    return text[:low]


def ascii_share(raw: bytes) -> float:
    """Return the share of bytes that are ASCII."""
    return round(sum(byte < 128 for byte in raw) / len(raw), 3)


def decoded(raw: bytes) -> bytes:
    """Return the text of a request's messages alone."""
    return "\n".join(message["content"] for message in json.loads(raw)["messages"]).encode()


def _request(messages: list[dict[str, str]]) -> bytes:
    return _dumped({"model": "gpt-5", "messages": messages})


def _message(index: int, text: str) -> bytes:
    return _dumped({"role": ROLES[index % 3], "content": text})


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()  # as clients of providers write it
