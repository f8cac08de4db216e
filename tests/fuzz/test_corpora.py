"""Every target reads its kept inputs, and some hundred mutations of them, without a finding."""

from __future__ import annotations

import ast
from random import Random

import pytest

from fuzz.corpora import ROOT, folder_of, inputs_of, kept, words_of
from fuzz.mutate import mutated
from fuzz.running import names
from fuzz.trial import Limits, loaded, trial

MUTATIONS = 150
LIMITS = Limits(cpu=30, memory=512)
"""The suite measures its coverage while it runs: how fast a parser is, `make fuzz` looks at."""


@pytest.mark.parametrize("name", names())
def test_kept_inputs_and_mutations_of_them(name: str) -> None:
    target = loaded(f"fuzz.targets.{name}")
    inputs, lines = kept(folder_of(name)), words_of(name).read_text(encoding="ascii").splitlines()
    words = [ast.literal_eval(f"b{line}") for line in lines]
    random = Random(name)  # the same in every run: looking for new ones is `make fuzz`'s
    changed = (mutated(random, inputs, words, target.longest) for _ in range(MUTATIONS))
    for raw in (*inputs_of(target, folder_of(name)), *changed):
        trial(target.read, raw, LIMITS)


def test_nothing_is_kept_for_a_target_that_is_none() -> None:
    assert {path.name for path in (ROOT / "fuzz/corpus").iterdir()} == {*names()}
    assert {path.stem for path in (ROOT / "fuzz/words").iterdir()} == {*names()}


def test_corpora_stay_small() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "fuzz/corpus").rglob("*") if path.is_file()]
    assert sum(sizes) < 1024 * 1024
