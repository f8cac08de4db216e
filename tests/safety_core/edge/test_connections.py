"""Pins on disk: 0600, read anew on demand, worth nothing where they cannot be read."""

from __future__ import annotations

import logging
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from safety_core.edge import connections
from safety_core.edge.connections import Connected, keep_pins, pins_path, with_pins
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.connection import Connection, Operation

NOTES = Connection("notes", "mcp", "notes-server")
ADD = Operation("add", "Add a note", fingerprint="f")
PINNED = replace(NOTES, operations={"add": ADD})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def test_pins_are_kept_for_this_user_alone(home: Home) -> None:
    assert with_pins(home, NOTES) is NOTES
    keep_pins(home, PINNED)
    assert with_pins(home, NOTES) == PINNED
    assert stat.S_IMODE(pins_path(home, "notes").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.connections.stat().st_mode) == 0o700


def test_the_edge_reads_them_anew(home: Home) -> None:
    connected = Connected(home, {"notes": NOTES})
    assert (dict(connected), len(connected)) == ({"notes": NOTES}, 1)
    keep_pins(home, PINNED)
    assert connected["notes"] is NOTES
    connected.reload()
    assert connected["notes"] == PINNED


def test_what_cannot_be_read_counts_for_nothing_and_is_told(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    keep_pins(home, PINNED)
    moved = replace(NOTES, target="other-server")
    with caplog.at_level(logging.WARNING):
        assert Connected(home, {"notes": moved})["notes"] == moved
    assert "pins of notes: were made for another adapter or target. Fix: safety connection pin notes" in caplog.text


def test_a_file_that_is_none_or_too_large_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_pins(home, PINNED)
    monkeypatch.setattr(connections, "PINS_BYTES", 10)
    with pytest.raises(InputError, match="is larger than 10 bytes"):
        with_pins(home, NOTES)
    with pytest.raises(InputError, match="describes more than 10 bytes"):
        keep_pins(home, PINNED)
    pins_path(home, "notes").unlink()
    pins_path(home, "notes").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        with_pins(home, NOTES)
