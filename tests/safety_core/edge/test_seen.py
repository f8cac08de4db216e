"""Names that were seen are known for a while, each for itself, and nobody can read them out of the file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from safety_core.edge.seen import Seen, open_seen


@asynccontextmanager
async def guests(folder: Path) -> AsyncGenerator[Seen, None]:
    database = await open_seen(folder / "edge.db", "guest")
    yield Seen(database, "guest", 100.0, 10)
    await database.aclose()


async def test_a_name_is_known_by_when_it_was_last_noted(tmp_path: Path) -> None:
    async with guests(tmp_path) as seen:
        await seen.note([("anna",), ("bert",)], 1.0)
        await seen.note([("anna",)], 2.0)
        assert await seen.times([("anna",), ("bert",), ("carl",)]) == {("anna",): 2.0, ("bert",): 1.0}


async def test_a_name_is_not_taken_for_one_that_is_written_alike(tmp_path: Path) -> None:
    async with guests(tmp_path) as seen:
        await seen.note([("a", "b,c", "d", "e")], 1.0)
        others = [("a", "b", "c,d", "e"), ("a,b", "c", "d", "e"), ("a", "b,c", "d,e", ""), ("a", "b,c", "d", "e", "")]
        assert await seen.times(others) == {}


def written(folder: Path) -> list[bytes]:
    return [raw for path in folder.iterdir() if (raw := path.read_bytes())]


async def test_what_is_kept_names_nobody(tmp_path: Path) -> None:
    async with guests(tmp_path) as seen:
        await seen.note([("main", "agent:main:main", "mail", "anna@shop.example")], 1.0)
    files = written(tmp_path)
    assert files
    assert not [raw for raw in files if b"anna" in raw or b"agent:main" in raw]
