"""A word of the tree -> the words the shell would make of it."""

from __future__ import annotations

import pytest

from safety_core.classify.shell.words import MOST_WORDS
from tests.simulators.judging import WORKSPACE, Judging


def touched(judging: Judging, script: str) -> list[str]:
    """Return the files that the last command touches, as they are written."""
    targets = [target.value for target in [*judging.shell(script).actions][-1].targets]
    return [value.removeprefix(f"{WORKSPACE}/") for value in targets]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("touch {1..3}", ["1", "2", "3"]),
        ("touch {3..1..2}", ["3", "1"]),
        ("touch {08..10}", ["08", "09", "10"]),
        ("touch {a..c}x", ["ax", "bx", "cx"]),
        ("touch {c..a}", ["c", "b", "a"]),
        ("touch {1..x} {a.b} '{'a,b}", ["{1..x}", "{a.b}", "{a,b}"]),
        ("touch {a{b,c}", ["{ab", "{ac"]),
        ("touch {\"1\"..3}", ["{1..3}"]),
        ("touch a,b} {a,b", ["a,b}", "{a,b"]),
        ("set -- 'a b' c; touch \"$@\"", ["a b", "c"]),
        ("set -- 'a b' c; touch $*", ["a", "b", "c"]),
        ("set -- a b; touch \"$*\"", ["a b"]),
        ("set -- a b; touch \"x$@y\"", ["xa", "by"]),
        ("set -- ''; touch \"$@\" x", ["", "x"]),
        ("touch \"$@\" x", ["x"]),
        ("set -- a b c; touch ${@:2}", ["b", "c"]),
        ("set -- a b c; touch ${@:1:1}", ["a"]),
        ("set -- a b c; touch x${@:0}", ["x\ufffc"]),
        ("set -- a b c; touch x$#", ["x3"]),
        ("set -- a; touch ${@:-b} ${@:+c}", ["a", "c"]),
        ("touch ${@:-b} x${@:+c}", ["b", "x"]),
        ("x=(a b); touch ${x[@]^^}", ["A", "B"]),
        ("x=(a b); touch ${x[1]} ${x[-1]} ${x} x${x[5]}", ["b", "b", "a", "x"]),
        ("x=(a b); touch ${#x[@]}", ["2"]),
        ("x=(a); x+=(b); touch ${x[@]}", ["a", "b"]),
        ("x=([k]=a); touch x${x[k]}", ["x\ufffc"]),
        ("x=a; touch ${x[0]} x${x[1]} ${x[@]}", ["a", "x\ufffc", "a"]),
        ("touch x${y[@]} x${#y[@]}", ["x\ufffc", "x\ufffc"]),
        ("x=y y=a; touch ${!x}", ["a"]),
        ("x=y; touch a${!x} a${!x*} a${!z}", ["a\ufffc", "a\ufffc", "a\ufffc"]),
        ("touch ${x:=a}; touch $x", ["a"]),
        ("touch a${PATH:-b} ${x:?b}", ["a\ufffc", "\ufffc"]),
        ("x=a; touch ${x:?b}", ["a"]),
        ("x=a; touch ${x:+b} ${x+c}", ["b", "c"]),
        ("touch a${x:+b}", ["a"]),
        ("touch ${x:-a b}", ["a", "b"]),
        ("touch \"${x:-a b}\"", ["a b"]),
        ("touch ${x:-\"a b\"}", ["a b"]),
        ("x='a b'; touch $x \"$x\"", ["a", "b", "a b"]),
        ("IFS=,; x=a,b; touch $x", ["a", "b"]),
        ("IFS=$y; x=ab; touch $x", ["\ufffc\ufffc"]),
        ("x=' a '; touch b$x", ["b", "a"]),
        ("x=; touch $x \"$x\" a", ["", "a"]),
        ("touch $'a\\0b'c", ["ac"]),
        ("touch $'\\'\\\"\\\\'", ["'\"\\"]),
        ("touch ~/a '~'/a \\~", ["~/a", "~/a", "~"]),
        ("touch $((1)) a$((1+1))", ["1", "a\ufffc"]),
        ("touch <(echo a)", ["/dev/fd/63"]),
        ("touch a>(cat)", ["a\ufffc"]),
    ],
)  # fmt: skip
def test_words(judging: Judging, script: str, expected: list[str]) -> None:
    found = touched(judging, script)
    assert [name.rstrip("/") for name in found] == [name or WORKSPACE for name in expected]


@pytest.mark.parametrize("word", ["{1..1000000}", "{1..9}{1..9}{1..9}", "{a,b}" * 20, "{a,b}" * 10_000])
def test_of_many_words_a_hole_stands_for_the_rest(judging: Judging, word: str) -> None:
    found = touched(judging, f"touch {word}")
    assert len(found) <= MOST_WORDS + 1
    assert any("\ufffc" in name for name in found)
