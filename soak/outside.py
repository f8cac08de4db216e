"""The world beside the fleet, in a process of its own: a model and a shop, each with its own notes.

    python -m soak.outside NOTES AUDIT

It prints {"model": port, "shop": port} and serves until its standard input ends. NOTES is where it notes; AUDIT is the
edge's log, of which it asks at each act only how many entries it has at that moment.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from soak.journal import Journal
from soak.provider import Provider
from soak.shop import Shop

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `headers`: names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Log:
    """The edge's audit log, from outside: how many entries it has now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        """Return how many entries are there. Raises sqlite3.Error where nobody can tell."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=5)) as db:
            return int(db.execute("SELECT coalesce(max(number) + 1, 0) FROM entry").fetchone()[0])


Answerer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


async def served(answer: Answerer) -> int:
    """Serve on a port of loopback, and return it. `answer` writes a whole response; connections stay open."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            while True:
                await answer(await _read(reader), writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=HEAD_BYTES)
    return int(server.sockets[0].getsockname()[1])


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ")
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


async def _main(notes: Path, audit: Path) -> None:
    log = Log(audit)
    provider = Provider(Journal(notes / "provider.jsonl"), (notes / "provider.bytes").open("ab", buffering=0), log)
    shop = Shop(Journal(notes / "shop.jsonl"), log)
    print(json.dumps({"model": await served(provider.answer), "shop": await served(shop.answer)}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
