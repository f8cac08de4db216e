"""Compiled patterns on disk: taken up when they are whole and ours, compiled anew in every other case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safety_core.edge import pattern_cache
from safety_core.edge.pattern_cache import SUFFIX, load_patterns
from safety_core.errors import PolicyError
from safety_core.match import patterns as module
from safety_core.match.layer import Layer, flatten
from safety_core.match.patterns import PatternSet
from safety_core.model.policy import Pattern

PATTERNS = [Pattern("shop", "Shop key", r"shp_[a-z]{4}"), Pattern("bank", "Bank key", r"bank=([0-9]{6})", 1)]
TEXT = "see shp_abcd and bank=123456"


def finds(patterns: PatternSet) -> bool:
    return [span.rule for span in patterns.find(Layer(flatten(TEXT)))] == ["shop", "bank"]


class Compiler:
    """Counts how often patterns are compiled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs = 0
        self._compile = module._compiled
        monkeypatch.setattr(module, "_compiled", self)

    def __call__(self, patterns: list[Pattern]) -> object:
        self.runs += 1
        return self._compile(patterns)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    return Compiler(monkeypatch)


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_they_are_compiled_once_and_kept_for_this_user_alone(tmp_path: Path, compiler: Compiler) -> None:
    assert finds(load_patterns(PATTERNS, tmp_path / "cache"))
    assert finds(load_patterns(PATTERNS, tmp_path / "cache"))
    assert compiler.runs == 1
    file = only_file(tmp_path / "cache")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_other_expressions_are_other_files(tmp_path: Path, compiler: Compiler) -> None:
    load_patterns(PATTERNS, tmp_path)
    load_patterns(PATTERNS[:1], tmp_path)
    assert (compiler.runs, len([*tmp_path.iterdir()])) == (2, 2)


def test_other_checks_need_no_other_file(tmp_path: Path, compiler: Compiler) -> None:
    load_patterns([Pattern("p", "P", "[0-9]{16}")], tmp_path)
    strict = load_patterns([Pattern("q", "Q", "[0-9]{16}", check="luhn")], tmp_path)
    assert [*strict.find(Layer(flatten("4539148803436468")))] == []
    assert compiler.runs == 1


@pytest.mark.parametrize("size", [0, 10, 32, 200])
def test_a_truncated_file_is_left_aside_and_made_anew(tmp_path: Path, compiler: Compiler, size: int) -> None:
    load_patterns(PATTERNS, tmp_path)
    file = only_file(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert (compiler.runs, file.read_bytes()) == (2, whole)


@pytest.mark.parametrize("place", [0, 31, 32, 60, -1])
def test_a_flipped_byte_is_noticed(tmp_path: Path, compiler: Compiler, place: int) -> None:
    load_patterns(PATTERNS, tmp_path)
    raw = bytearray(only_file(tmp_path).read_bytes())
    raw[place] ^= 1
    only_file(tmp_path).write_bytes(raw)
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert compiler.runs == 2


def test_a_file_of_another_recipe_under_this_name_is_left_aside(tmp_path: Path, compiler: Compiler) -> None:
    load_patterns(PATTERNS, tmp_path / "one")
    load_patterns(PATTERNS[:1], tmp_path / "two")
    only_file(tmp_path / "one").write_bytes(only_file(tmp_path / "two").read_bytes())
    assert finds(load_patterns(PATTERNS, tmp_path / "one"))
    assert compiler.runs == 3


def test_a_file_of_another_engine_is_left_aside(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_patterns(PATTERNS, tmp_path)
    monkeypatch.setattr(pattern_cache, "recipe", lambda patterns: b"newer" + module.recipe(patterns))
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert compiler.runs == 2


def test_what_hyperscan_refuses_is_compiled_and_replaced(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(PatternSet, "dump", lambda _: b"from a machine of another kind")
        load_patterns(PATTERNS, tmp_path)
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert compiler.runs == 2


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path, compiler: Compiler, mode: int) -> None:
    load_patterns(PATTERNS, tmp_path)
    only_file(tmp_path).chmod(mode)
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert compiler.runs == 2
    assert finds(load_patterns(PATTERNS, tmp_path))


def test_a_file_of_somebody_else_is_not_believed(
    tmp_path: Path, compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_patterns(PATTERNS, tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: only_file(tmp_path).stat().st_uid + 1)
    assert finds(load_patterns(PATTERNS, tmp_path))
    assert compiler.runs == 2


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_plain_file_is_not_read(tmp_path: Path, compiler: Compiler, kind: str) -> None:
    load_patterns(PATTERNS, tmp_path / "cache")
    file = only_file(tmp_path / "cache")
    if kind == "link":
        file.rename(tmp_path / "moved")
        file.symlink_to(tmp_path / "moved")
    elif kind == "folder":
        file.unlink()
        file.mkdir()
    else:
        file.unlink()
        os.mkfifo(file, 0o600)
    assert finds(load_patterns(PATTERNS, tmp_path / "cache"))
    assert compiler.runs == 2


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path, compiler: Compiler) -> None:
    (tmp_path / "file").write_text("in the way")
    assert finds(load_patterns(PATTERNS, tmp_path / "file"))
    assert finds(load_patterns(PATTERNS, tmp_path / "file"))
    assert compiler.runs == 2


def test_only_the_newest_files_stay(tmp_path: Path) -> None:
    for number in range(6):
        load_patterns([Pattern("p", "P", f"shp{number}")], tmp_path)
    assert len([*tmp_path.glob(f"*{SUFFIX}")]) == 4


def test_no_patterns_leave_nothing_behind(tmp_path: Path) -> None:
    load_patterns([], tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("expression", ["(", "é"])
def test_a_wrong_pattern_is_named(tmp_path: Path, expression: str) -> None:
    with pytest.raises(PolicyError, match="pattern shop"):
        load_patterns([Pattern("shop", "Shop key", expression)], tmp_path)


def test_a_group_that_is_missing_is_noticed_beside_a_kept_file(tmp_path: Path) -> None:
    load_patterns([Pattern("shop", "Shop key", "shp")], tmp_path)
    with pytest.raises(PolicyError, match="pattern shop"):
        load_patterns([Pattern("shop", "Shop key", "shp", 1)], tmp_path)
