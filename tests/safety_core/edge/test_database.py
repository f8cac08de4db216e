"""The SQLite files of the edge, as several connections and processes share them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from safety_core.edge.database import connect


def test_a_second_connection_leaves_the_first_ones_log_in_place(tmp_path: Path) -> None:
    """Another process that looks in and leaves must not take away what is acknowledged and not yet in the file."""
    path = tmp_path / "shared.db"
    schema = "CREATE TABLE IF NOT EXISTS told (word TEXT) STRICT"
    first, second = connect(path, schema), connect(path, schema)
    look = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('SELECT * FROM told').fetchall(); c.close()"
    subprocess.run([sys.executable, "-c", look], check=True)
    first.execute("INSERT INTO told VALUES ('kept')")
    count = f"import sqlite3; print(*sqlite3.connect({str(path)!r}).execute('SELECT word FROM told').fetchone())"
    done = subprocess.run([sys.executable, "-c", count], check=True, capture_output=True, text=True)
    assert done.stdout == "kept\n"
    for connection in (first, second):
        connection.close()
