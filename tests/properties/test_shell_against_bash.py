"""Real bash as the oracle: every program that it starts, with its arguments, is among the commands that were read.

Random scripts out of every construct run in a bash that reaches nothing but stubs (see `scripts`). What the reader
knows only when the command runs stands as a hole in its words; a text that it could not read it has to say so of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety_core.classify.paths import GIVEN, HOLE
from safety_core.classify.shell.syntax import UNREADABLE
from safety_core.classify.trace import MOST_STEPS, trace
from safety_core.model.level import Level
from tests.properties.scripts import Bash, Script
from tests.simulators.judging import WORKSPACE, Judging

ENOUGH = {
    UNREADABLE,
    "more commands than can be followed",
    "loops in loops, too many to be followed",
    "an expression with uneven brackets, which shells read differently",
    "a here-document whose lines stand outside of its substitution",  # bash prints it anew, and then reads it otherwise
}
"""Reasons not to trust a reading; with them a call is never green."""

MOST_DOUBTS = 20
"""Further ones are not noted."""

SETTINGS = settings(
    deadline=None, derandomize=True, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""The same scripts in every run; `python -m fuzz.shell` looks for new ones."""

EXAMPLES = (
    "f() { p1 a; }; f",
    "eval 'x=1; p1'",
    "x=`p1 \\`p2\\``",
    "cat() { p1; }; cat",
    "p1 <<E && p2\n$(q1)\nE\np3",
    "x='a[$(p1)]'; ((x)); [[ x -eq 1 ]]",
    "echo $((x[$(p1)] + $(p2)))",
    "case a in (a) p1;; esac | { read x; p2; }",
    "set -- p1 'a b'; \"$@\"; shift; $1",
    "a=(p1 'x y'); \"${a[@]}\"",
    "p\\\n1 a\\\nb",
    "$(echo p1) `echo p2`",
    "p1 \\\\\nf() { p2; }; f",
    "while p1; do p2; break; done <<< $(p3)",
    "! { p1; } 2>&1 | p2 & wait",
    "p1 \"${x:-$(p2 '}')}\" ${x:-'}'$(p3)}",
    "(p1);(p2)&&{ p3;}",
    "if (p1) then (p2) fi",
    'p1 $\'it\\\'s\' "$(p2 ")")"',
    "[[ -f <(p1) || $(p2) =~ (a|b) ]]",
    "x=1 p1 >out 2>&1 <&- a{b,c}d {1..3}",
    "printf -v x %s p1; $x; read y z <<< 'p2 b'; $y $z",
    "trap p1 EXIT; exec p2",
    "p1 # p2\n#p3\np4",
    "p1; x[$(p2)\n`p3`]y",
)


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Bash:
    """Make a bash that reaches nothing but stubs."""
    return Bash.in_folder(tmp_path_factory.mktemp("bash"))


@pytest.fixture(scope="module")
def judging() -> Iterator[Judging]:
    """Judge by the shipped policy."""
    ready = Judging()
    yield ready
    ready.close()


def fits(run: Sequence[str], words: Sequence[str]) -> bool:
    """Tell whether a program that was started is what these words stand for. A hole may become any number of words."""
    pattern = ""
    for index, word in enumerate(words):
        if index:
            loose = word[:1] in (HOLE, GIVEN) or pattern.endswith(".*")
            pattern += "(?:\x1e)?" if loose else "\x1e"
        pattern += "".join(
            ".*" if letter in (HOLE, GIVEN, "*", "~", "[") else "." if letter == "?" else re.escape(letter)
            for letter in word
        )
    pattern = re.sub(r"/dev/fd/\d+", r"/dev/fd/\\d+", pattern)
    return re.fullmatch(pattern, "\x1e".join(run), re.DOTALL) is not None


def unseen(judging: Judging, bash: Bash, script: str) -> list[tuple[str, ...]]:
    """Return the programs that bash started and that the reader neither saw nor owned up to."""
    facts = judging.shell(script)
    started = bash.started(script)
    level = judging.verdict(facts).level
    gave_up = any(action.words == "runs more than can be followed" for action in facts.actions)
    if gave_up or len(facts.unknown) >= MOST_DOUBTS or not ENOUGH.isdisjoint(facts.unknown):
        return [] if level is not Level.GREEN else started
    steps = [*trace("exec", {"command": script}, judging.catalogue, WORKSPACE).walk()][1:]
    seen = [(step.words[0].rpartition("/")[2], *step.words[1:]) for step in steps]
    if len(seen) >= MOST_STEPS or any(words[0] == "eval" and HOLE in "".join(words) for words in seen):
        return [] if level is not Level.GREEN else started  # a text of which a part may be any number of commands
    missing = [run for run in started if not any(fits(run, words) for words in seen)]
    return missing or (started if level is Level.GREEN else [])


@pytest.mark.parametrize("script", EXAMPLES)
def test_what_bash_starts_is_seen_in_each_construct(judging: Judging, bash: Bash, script: str) -> None:
    assert bash.started(script), "an example that starts nothing shows nothing"
    assert UNREADABLE not in judging.shell(script).unknown
    assert unseen(judging, bash, script) == []


@given(seed=st.integers(0, 2**32))
@SETTINGS
def test_what_bash_starts_is_seen_in_random_scripts(judging: Judging, bash: Bash, seed: int) -> None:
    script = Script(Random(seed), 2).text()
    assert unseen(judging, bash, script) == [], script


@given(seed=st.integers(0, 2**32))
@SETTINGS
def test_what_bash_starts_is_seen_in_random_lines_that_are_whole(judging: Judging, bash: Bash, seed: int) -> None:
    script = Script(Random(seed)).line(2)
    assert unseen(judging, bash, script) == [], script
