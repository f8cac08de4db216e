"""What the edge does not take up."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from safety_core.edge.memory import spared


def test_what_is_spared_counts_as_not_installed_until_the_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weighty_thing.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with spared("weighty_thing"), pytest.raises(ImportError):
        importlib.import_module("weighty_thing")
    assert importlib.import_module("weighty_thing") is sys.modules["weighty_thing"]


def test_what_is_there_already_stays() -> None:
    with spared("sys"):
        assert importlib.import_module("sys") is sys
