"""The child of a connected service: it has what its libraries need, and nothing that its connection does not name."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from safety_core.edge.confine.confinement import Confinement, of_commands
from safety_core.edge.confine.service import of_service
from safety_core.edge.confine.spawn import Program, Streams, confined
from safety_core.edge.execute import Limits, execute
from safety_core.edge.home import Home
from safety_core.errors import ExecutionError
from safety_core.model.connection import Connection
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ServicePlan

LIBRARIES = """
import asyncpg, pymysql, icalendar, mcp, jsonschema, smtplib, imaplib
import socket, ssl, zoneinfo
socket.getaddrinfo("localhost", 80)
assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 0
zoneinfo.ZoneInfo("Europe/Vienna")
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
print("all there")
"""


@pytest.fixture
def commands(tmp_path: Path) -> Confinement:
    for name in ("home", "work", "data", "elsewhere"):
        (tmp_path / name).mkdir()
    return of_commands(Home(tmp_path / "home"), str(tmp_path / "work"), environ={})


async def run(confinement: Confinement | None, script: str) -> str:
    """Run Python under a confinement, as the edge starts the child; return what it prints."""
    reading, writing = map(os.fdopen, os.pipe(), ("rb", "wb"))
    with reading, writing:
        program = Program((sys.executable, "-I", "-c", script), "/", {"PATH": os.defpath})
        async with confined(program, confinement, Streams(stdout=writing, stderr=writing)) as child:
            await child.wait()
        writing.close()
        return str(reading.read().decode())


async def test_what_adapters_import_and_ask_of_the_machine_is_there(commands: Confinement) -> None:
    assert await run(of_service(commands), LIBRARIES) == "all there\n"


async def test_it_reads_and_writes_what_is_named_and_no_more(commands: Confinement, tmp_path: Path) -> None:
    confinement = of_service(commands, readable=[str(tmp_path / "work")], writable=[str(tmp_path / "data")])
    for name in ("work", "data", "elsewhere"):
        (tmp_path / name / "file").write_text("text")
    tries = f"""
from pathlib import Path
for name in ("work", "data", "elsewhere"):
    path = Path({str(tmp_path)!r}, name, "file")
    for act in (path.read_text, lambda: path.write_text("new")):
        try:
            act()
            print("yes", end=" ")
        except OSError:
            print("no", end=" ")
"""
    assert await run(confinement, tries) == "yes no yes yes no no "


async def query(target: Path, limits: Limits) -> ToolResult:
    arguments: Mapping[str, Any] = {"query": "SELECT word FROM notes"}
    connection = Connection("notes", "sql", f"sqlite://{target}")
    return await execute(ServicePlan("sql", connection, "query", {**arguments}, (), 20.0), {}, limits, key="k1")


def notes(path: Path) -> Path:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE notes (word TEXT)")
        database.execute("INSERT INTO notes VALUES ('bread')")
    database.close()
    return path


async def test_an_operation_of_the_edge_is_confined_so(commands: Confinement, tmp_path: Path) -> None:
    """A connection that leads into the edge's own folder finds nothing there."""
    assert "bread" in (await query(notes(tmp_path / "data/notes.db"), Limits(confinement=commands))).output
    hidden = notes(tmp_path / "home/edge.db")
    with pytest.raises(ExecutionError, match="connection notes"):
        await query(hidden, Limits(confinement=commands))
    assert "bread" in (await query(hidden, Limits(confinement=None))).output


async def test_one_that_uses_up_its_memory_is_ended_and_that_is_said(commands: Confinement, tmp_path: Path) -> None:
    tight = replace(commands, memory=8 * 1024 * 1024)
    with pytest.raises(ExecutionError, match=r"used up what it may have \(memory\)"):
        await query(notes(tmp_path / "data/notes.db"), Limits(confinement=tight))
