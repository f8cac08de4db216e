"""A home of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.edge.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("SAFETY_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return Home(tmp_path / "home")
