"""docs/egress.md says what the listeners take; these are the numbers."""

from __future__ import annotations

from pathlib import Path

from proxy.room import BODIES
from proxy.serve import KEEP_ALIVE_SECONDS
from safety_core.edge.http.framing import EXTENSION_BYTES
from safety_core.edge.http.guarded import CONNECTIONS, HEAD_SECONDS
from safety_core.edge.http.head import FIELDS, HEAD_BYTES, TARGET_BYTES

DOC = Path(__file__).parents[3] / "docs" / "egress.md"


def test_the_limits_are_those_of_the_docs() -> None:
    told = DOC.read_text().partition("\n## The transport\n")[2].partition("\n## ")[0]
    for row in (
        f"| {HEAD_BYTES // 1024} KiB, {FIELDS} headers, within {HEAD_SECONDS:g} seconds of its first byte |",
        f"| {TARGET_BYTES // 1024} KiB |",
        f"| {EXTENSION_BYTES} bytes; no trailers |",
        f"| {KEEP_ALIVE_SECONDS} seconds |",
        f"| {CONNECTIONS}; then 503 |",
        f"| {BODIES >> 20} MiB, and {BODIES * 3 // 4 >> 20} MiB of one client; then 503 |",
    ):
        assert row in told
