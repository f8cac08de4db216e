"""Real code and prose: what is installed here of packages, the standard library and documentation."""

from __future__ import annotations

import sysconfig
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PIECE: Final = 64 * 1024
"""Characters per text: the size of a long message."""

FILE_LIMIT: Final = 1_000_000
"""Bytes of one file. Larger ones are tables, and would outweigh the rest."""

PACKAGE_SHARE: Final = 1 / 20
"""Of each kind of text, from one package at most: else the figure would say how one of them writes its examples."""

KINDS: Final = {
    "Python": (".py", ".pyi"),
    "other code": (".js", ".mjs", ".ts", ".c", ".h", ".sh", ".css", ".sql", ".go", ".rs", ".pl"),
    "prose": (".md", ".rst", ".txt", "README", "copyright", "changelog", "NEWS"),
    "markup and data": (".html", ".xml", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg"),
}
SHARES: Final = {"Python": 0.4, "other code": 0.2, "prose": 0.25, "markup and data": 0.15}
ROOT: Final = Path(__file__).parents[1]
PLACES: Final = (
    Path(sysconfig.get_path("purelib")),
    Path(sysconfig.get_path("stdlib")),
    ROOT / "plugins" / "openclaw" / "node_modules",
    Path("/usr/share/doc"),
)


def kind_of(path: Path) -> str | None:
    """Return what kind of text a file holds, None for what is left out."""
    return next((kind for kind, ends in KINDS.items() if path.name.endswith(ends)), None)


def files() -> dict[str, list[Path]]:
    """Return all files by kind, in an order that mixes the packages and is the same on every run."""
    found: dict[str, list[Path]] = defaultdict(list)
    for place in PLACES:
        for path in place.rglob("*") if place.is_dir() else ():
            kind = kind_of(path)
            if kind and path.is_file() and path.stat().st_size <= FILE_LIMIT:
                found[kind].append(path)
    return {kind: sorted(paths, key=lambda path: (hash_of(path.name), str(path))) for kind, paths in found.items()}


def package_of(path: Path) -> str:
    """Return the package that brought a file along."""
    place = next(place for place in PLACES if path.is_relative_to(place))
    return path.relative_to(place).parts[0].partition("-")[0]


def hash_of(name: str) -> int:
    """Return a number that scatters names."""
    value = 0
    for character in name:
        value = (value * 131 + ord(character)) % 1_000_003
    return value


def texts(megabytes: float) -> Iterator[tuple[str, Path, str]]:
    """Yield (kind, file, piece of its text): about so many megabytes, no text twice, shared out over the kinds. Where
    there is not enough of a kind, Python fills up."""
    seen: set[int] = set()
    taken: Counter[tuple[str, str]] = Counter()
    by_kind = files()
    left = megabytes * 1e6
    for kind in ("other code", "markup and data", "prose", "Python"):
        want = left if kind == "Python" else SHARES[kind] * megabytes * 1e6
        for path in by_kind.get(kind, ()):
            text = path.read_bytes().decode("utf-8", "replace")
            if want <= 0:
                break
            owner = (kind, package_of(path))
            if hash(text) in seen or taken[owner] > PACKAGE_SHARE * SHARES[kind] * megabytes * 1e6:
                continue
            taken[owner] += len(text)
            seen.add(hash(text))
            want -= len(text)
            left -= len(text)
            for piece in pieces(text):
                yield kind, path, piece


def pieces(text: str) -> Iterator[str]:
    """Yield `text` in pieces of whole lines."""
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + PIECE) + 1 if len(text) - start > PIECE else len(text)
        end = end if end > start else start + PIECE
        yield text[start:end]
        start = end
