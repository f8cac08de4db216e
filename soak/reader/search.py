"""Is a planted secret anywhere but in the vault?"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from soak.reader.evidence import Evidence
from soak.reader.finding import Report

SECRETS: Final = "secrets"
VAULT: Final = "vault.db"
OURS: Final = ("evidence.json",)
"""What the soak itself keeps them in, so that they can be looked for."""
CHUNK: Final = 8 * 1024 * 1024


def check_nowhere(evidence: Evidence, report: Report) -> None:
    """Look through every file of edge and hub, what they printed, and all that provider and agent received."""
    needles = {
        (name, spelling): needle
        for name, text in evidence.about["planted"].items()
        for spelling, needle in spellings(text).items()
    }
    count = size = 0
    for path in searched(evidence.folder):
        count, size = count + 1, size + path.stat().st_size
        for name, spelling in found_in(path, needles):
            report.wrong(SECRETS, f"{name} stands in {path.relative_to(evidence.folder)}, {spelling}")
    report.count("files looked through", count)
    report.count("bytes looked through", size)


def spellings(text: str) -> dict[str, bytes]:
    """Return how a secret may be written."""
    raw = text.encode()
    return {
        "as it is": raw,
        "in hexadecimal": raw.hex().encode(),
        "in base64": base64.b64encode(raw).rstrip(b"=")[:-1],
        "reversed": raw[::-1],
        "in UTF-16": text.encode("utf-16-le"),
        "percent-encoded": "".join(f"%{byte:02X}" for byte in raw).encode(),
        "quoted": quote(text).encode(),
    }


def searched(folder: Path) -> Iterator[Path]:
    """Yield the files that must hold none."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(VAULT) and path.name not in OURS:
            yield path


def found_in(path: Path, needles: dict[tuple[str, str], bytes]) -> set[tuple[str, str]]:
    """Return which of these a file holds."""
    longest = max(len(needle) for needle in needles.values())
    found: set[tuple[str, str]] = set()
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = kept + chunk
            found |= {name for name, needle in needles.items() if needle in text}
            kept = text[-longest:]
    return found
