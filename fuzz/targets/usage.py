"""What others say of usage: exports of providers as CSV, and the bytes of whole responses in any framing."""

from __future__ import annotations

from fuzz.memory_file import MemoryFile
from fuzz.trial import Target
from safety_core.cli.usage.export import read_export
from safety_core.meter.recorded import documents, usage_of


def start() -> Target:
    """Return the reader; the first byte says of what."""
    file = MemoryFile()

    def read(raw: bytes) -> None:
        if raw[:1] == b"C":
            file.put(raw[1:])
            export = read_export(file.path, {})
            for sums in export.sums.values():
                assert all(isinstance(count, int) for count in sums.values()), "a sum is no whole number"
        else:
            usage = usage_of(raw[1:])
            [*documents(raw[1:])]
            assert usage is None or usage.input_total >= 0, "less than nothing was consumed"

    return read
