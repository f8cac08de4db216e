"""Which engine runs, and what the extension refuses."""

from __future__ import annotations

import importlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from safety_core._native import engine as module
from safety_core._native.engine import TWIN, load
from safety_core.bundle.samples import invented


def test_the_extension_was_built_and_runs_unless_it_is_turned_off() -> None:
    assert load({}).name == "c"
    assert load({"safety_native": "off"}) is TWIN


def test_without_the_extension_the_twin_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(module.importlib, "import_module", missing)
    assert load({}) is TWIN


def test_an_interpreter_may_ask_for_the_twin_and_finds_the_same(tmp_path: Path) -> None:
    secret = invented("{32 alnum}")
    known = tmp_path / "known.json"
    known.write_text(json.dumps({"KEY": secret}))
    question = json.dumps({"id": 1, "text": json.dumps({"a": f"it is {secret} or %41{secret[:9]}\\u00e9", "b": "é😀"})})
    answers = {
        subprocess.run(
            [sys.executable, *switch, "-m", "safety_core.cli", "scan", "--secrets", str(known)],
            input=question,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for switch in (["-X", "safety_native=off"], [])
    }
    assert len(answers) == 1
    assert "SECRET_REF(KEY)" in answers.pop()


def test_wrong_arguments_are_refused() -> None:
    c: Any = importlib.import_module("safety_core._native._c")
    table = c.GramTable()
    for call, error in [
        (lambda: c.flatten(b"bytes"), TypeError),
        (lambda: c.squeeze("text"), TypeError),
        (lambda: c.positions("text"), TypeError),
        (lambda: c.unescaped("text"), TypeError),
        (lambda: c.runs("text", 1, 2), TypeError),
        (lambda: c.json_view("text"), TypeError),
        (lambda: c.json_trail("text"), TypeError),
        (lambda: c.set_fold(None), TypeError),
        (lambda: table.add(b"too short", 1), ValueError),
        (lambda: table.add(b"long enough", -1), OverflowError),
        (lambda: table.find("text"), TypeError),
        (lambda: table.reserve(-1), OverflowError),
    ]:
        with pytest.raises(error):
            call()


def test_a_page_of_the_wrong_size_is_refused(tmp_path: Path) -> None:
    """By a copy of the extension: the one that all share may have met the page before."""
    copy = shutil.copy(importlib.import_module("safety_core._native._c").__file__ or "", tmp_path)
    spec = importlib.util.spec_from_file_location("safety_core._native._c", copy)
    assert spec is not None
    assert spec.loader is not None
    c: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(c)
    with pytest.raises(RuntimeError, match="set_fold"):
        c.flatten("\U0003fffd")
    for page in (b"short", None):
        c.set_fold(lambda _number, page=page: page)
        with pytest.raises(TypeError):
            c.flatten("\U0003fffd")
    c.set_fold(module.fold_page)
    assert c.flatten("\U0003fffd") == module.fold_page(0x3FF)[0xFD:0xFE]


def test_everything_that_matches_and_redacts_does_so_without_the_extension() -> None:
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [
            *(sys.executable, "-X", "safety_native=off", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("tests/safety_core/match", "tests/safety_core/redact"),
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
