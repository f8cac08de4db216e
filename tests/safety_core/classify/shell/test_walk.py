"""What parts of a script may change for those behind them, and which bounds hold."""

from __future__ import annotations

import pytest

from safety_core.model.facts import Kind
from safety_core.model.level import Level
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    "script",
    [
        "x=rm; false && x=ls; $x -rf /",
        "x=rm; true || x=ls; $x -rf /",
        "x=rm; if false; then x=ls; fi; $x -rf /",
        "x=rm; while false; do x=ls; done; $x -rf /",
        "x=rm; (x=ls); $x -rf /",
        "x=rm; x=ls & $x -rf /",
        "x=rm; echo | x=ls; $x -rf /",
        "x=rm; for y in 1; do x=ls; done; $x -rf /",
        "set -- rm; true || set -- ls; $1 -rf /",
        "echo ls | x=rm; $x -rf /",
        "for a in 1 2; do $x -rf /; x=rm; done",
        "$(false && echo ls; echo rm) -rf /",
        "$(true || echo ls; echo rm) -rf /",
        "for a in {1..40}; do $x -rf /; x=rm; done",
    ],
)
def test_what_may_not_have_run_hides_nothing(judging: Judging, script: str) -> None:
    assert judging.level(script) >= Level.YELLOW


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("mkdir a && cd a; touch b", "/workspace/a/b"),
        ("cd a && cd b; touch c", "/workspace/a/b/c"),
        ("true && cd /tmp; touch b", "\ufffc/b"),
        ("cd a || cd b; touch c", "\ufffc/c"),
        ("cd a || exit; touch c", "/workspace/a/c"),
        ("if true; then cd /tmp; fi; touch b", "\ufffc/b"),
        ("f() { cd a; }; f; touch b", "/workspace/a/b"),
    ],
)
def test_the_folder(judging: Judging, script: str, path: str) -> None:
    assert path in [target.value for action in judging.shell(script).actions for target in action.targets]


@pytest.mark.parametrize(
    "script",
    [
        "eval $(echo a; echo 'rm -rf /')",
        "eval \"$(true && echo 'rm -rf /')\"",
        "eval \"$(cat <<'END'\nrm -rf /\nEND\n)\"",
        "eval \"$(echo 'rm -rf /' > x; cat x)\"",
        "eval \"$(echo 'rm -rf /' > x; < x)\"",
        "f() { rm -rf $1; }; f /",
        "f() { f; rm -rf /; }",
        "x='$(rm -rf /)'; [[ a[$x] -eq 1 ]]",
        "x='$(rm -rf /)'; ((a[$x]))",
        "x=1 y=$(rm -rf /) ls",
        "x[$(rm -rf /)]=1",
        "x=([$(rm -rf /)]=1)",
        ":(){ :|:& };:",
        "f() { f | f & }; f",
    ],
)
def test_followed(judging: Judging, script: str) -> None:
    assert judging.level(script) is Level.CRITICAL_RED


@pytest.mark.parametrize(
    ("script", "level"),
    [
        ("[[ -f a && b == c* ]]", Level.GREEN),
        ("((i++))", Level.GREEN),
        ("x=1", Level.GREEN),
        ("[[ 'a[${' -eq 1 ]]", Level.YELLOW),
        ("f() { g | cat 2>&1; }; git status", Level.YELLOW),
        ('eval "$(ls || echo x)"', Level.YELLOW),
    ],
)
def test_level(judging: Judging, script: str, level: Level) -> None:
    assert judging.level(script) is level


@pytest.mark.parametrize(
    "script",
    [
        "".join(f"f{n}() {{ f{n + 1}; f{n + 1}; }}\n" for n in range(40)) + "f0",
        "".join(f"alias a{n}='a{n + 1}; a{n + 1}'\n" for n in range(40)) + "a0",
        "for i in 1 2 3 4 5 6 7 8 9; do " * 8 + "a" + "; done" * 8,
        "while x=$y$x; do " * 30 + "y=$x" + "; done" * 30,
        "x='eval $x; eval $x'; eval $x",
        "x=([$(a)]=1)" * 5_000,
    ],
)
def test_what_never_ends_is_given_up(judging: Judging, script: str) -> None:
    assert judging.level(script) >= Level.YELLOW


@pytest.mark.parametrize(
    "piece",
    [
        "(", "$(", "{a,b}", "'", "`", "${", "$((", "((", "[[ ", "a ", "a;", "<<E\n", "\\\n", "x=1 ", "x[",
        "<(", "${x:-", "$x", "f(){ ", "if a;then ", "case a in a)", "! ", "~/", "@(", "x=(", "{1..9}", "eval ",
        "bash -c ", "\"$(", "\x00",
        "\ufffc",
    ],
)  # fmt: skip
def test_sixty_four_kilobytes_of_anything_are_read_to_an_end(judging: Judging, piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    assert judging.level(text) >= (Level.YELLOW if Kind.READ not in judging.kinds(text) else Level.GREEN)
