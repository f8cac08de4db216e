"""`${...}` as bash does it, checked with `bash -c 'echo ...'`."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.expansion import changed, given_default, known_value, slice_of
from safety_core.classify.shell.scope import Scope
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    ("value", "operator", "argument", "expected"),
    [
        ("till", "length", "", "4"),
        ("a.tar.gz", "#", "*.", "tar.gz"),
        ("a.tar.gz", "##", "*.", "gz"),
        ("a.tar.gz", "%", ".*", "a.tar"),
        ("a.tar.gz", "%%", ".*", "a"),
        ("abc", "#", "[^b]", "bc"),
        ("abc", "#", "x", "abc"),
        ("banana", "/", "an/-", "b-ana"),
        ("banana", "//", "an/-", "b--a"),
        ("banana", "//", "an", "ba"),
        ("banana", "/#", "ba/x", "xnana"),
        ("banana", "/#", "na/x", "banana"),
        ("banana", "/%", "na/x", "banax"),
        ("banana", "/%", "ba/x", "banana"),
        ("banana", "/", "a*/x", HOLE),
        ("banana", "/", "/x", HOLE),
        ("till", "^", "", "Till"),
        ("till", "^^", "", "TILL"),
        ("TILL", ",", "", "tILL"),
        ("TILL", ",,", "", "till"),
        ("TiLl", "~~", "", "tIlL"),
        ("till", "~", "", "Till"),
        ("till", "@U", "", "TILL"),
        ("TILL", "@L", "", "till"),
        ("till", "@u", "", "Till"),
        ("till", "@Q", "", HOLE),
        ("till", "^^", "t", HOLE),
        ("till", ":", "1", "ill"),
        ("till", ":", "1:2", "il"),
        ("till", ":", " -2", "ll"),
        ("till", ":", "0:-1", "til"),
        ("till", ":", "x", HOLE),
        ("till", ":", "1:2:3", HOLE),
        (HOLE, "#", "a", HOLE),
        ("till", "#", HOLE, HOLE),
        ("t" * 300, "#", "t", HOLE),
        ("till", "#", "t" * 300, HOLE),
    ],
)
def test_operators(value: str, operator: str, argument: str, expected: str) -> None:
    assert changed(value, operator, argument) == expected


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        (None, ":-", True),
        ("", ":-", True),
        ("", "-", False),
        ("x", "-", False),
        (None, "+", False),
        ("", ":+", False),
        ("", "+", True),
        ("x", ":+", True),
    ],
)
def test_when_the_word_takes_the_place(value: str | None, operator: str, expected: bool) -> None:
    assert given_default(value, operator) is expected


@pytest.mark.parametrize("name", ["PATH", "SHELL", "BASH_VERSION", "LC_ALL", "?", "RANDOM", "XDG_CONFIG_HOME"])
def test_what_others_set_is_not_taken_for_unset(name: str) -> None:
    assert known_value(Scope("/"), name) == HOLE


def test_what_nobody_sets_is_unset() -> None:
    assert known_value(Scope("/"), "till") is None


def test_a_slice_of_nothing_begins_at_its_beginning() -> None:
    assert slice_of("-9", 4) == slice(0, None)


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("touch $PWD/a", "a"),
        ("touch $(pwd)/a", "a"),
        ("touch `pwd -P`/a", "a"),
        ("cd b; touch ${PWD}/a", "b/a"),
        ("PWD=/workspace/c; touch $PWD/a", "c/a"),
    ],
)
def test_the_folder_at_hand_is_known(judging: Judging, script: str, name: str) -> None:
    assert f"/workspace/{name}" in {
        target.value for action in judging.shell(script).actions for target in action.targets
    }


def test_a_folder_that_is_not_known_stays_so(judging: Judging) -> None:
    assert judging.shell("cd -; rm -r $PWD").unknown
    assert judging.shell("cd -; rm -r $(pwd)").unknown
