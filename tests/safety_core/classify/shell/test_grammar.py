"""The grammar: which commands, with which words, stand in a script. Each was tried in bash."""

from __future__ import annotations

import pytest

from safety_core.classify.shell.lexer import Lexer
from safety_core.classify.shell.lists import Lists
from safety_core.classify.shell.syntax import LIMIT, TOO_DEEP, TOO_LONG, UNREADABLE, expanded, loose_commands, parse
from safety_core.classify.trace import trace
from tests.simulators.judging import WORKSPACE, Judging


def commands(judging: Judging, script: str) -> list[str]:
    """Return the commands of a script, their words joined with bars."""
    steps = [*trace("exec", {"command": script}, judging.catalogue, WORKSPACE).walk()][1:]
    return ["|".join(step.words) for step in steps]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a; b & c\nd", ["a", "b", "c", "d"]),
        ("a && b || c", ["a", "b", "c"]),
        ("coproc { a; }; coproc (b)", ["a", "b"]),
        ('echo ${#-x} ${#?} $((")"))', ["echo"]),
        ("a &&\n\n# why\nb", ["a", "b"]),
        ("a | b |& c |\nd", ["a", "b", "c", "d"]),
        ("! a; ! time -p b; time; time | a; time -- c", ["a", "b", "a", "c"]),
        ("!(a)", ["a"]),
        ("! ! a", ["a"]),
        ("(a; b)", ["a", "b"]),
        ("( (a); b)", ["a", "b"]),
        ("((a); b)", ["a", "b"]),
        ("{ a; { b; } }", ["a", "b"]),
        ("{ (a) }", ["a"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("if(a)then(b)fi", ["a", "b"]),
        ("while a; do b; done; until c\ndo d\ndone", ["a", "b", "c", "d"]),
        ("for x in 1 2; do a $x; done", ["a|1", "a|2"]),
        ("for x in 1\ndo a $x\ndone", ["a|1"]),
        ("for x in 1; { a $x; }", ["a|1"]),
        ("for x\nin 1; do a; done", ["a"]),
        ("set -- 1 2; for x; do a $x; done", ["set|--|1|2", "a|1", "a|2"]),
        ("for ((i=0; i<2; i++)); do a; done", ["a"]),
        ("for ((;;)) { a; }", ["a"]),
        ("select x in 1; do a; done", ["a"]),
        ("case x in a|b) c;; (d) e;& f) g ;;& *) h; esac", ["c", "e", "g", "h"]),
        ("case x in esac; a", ["a"]),
        ("case x\nin\na) b\n;;\nesac", ["b"]),
        ("f() { a; }; f", ["a", "a"]),
        ("f ( )\n{ a; }", ["a"]),
        ("function f { a; }; function g () (b)", ["a", "b"]),
        ("function f\n{ a; }", ["a"]),
        ("f() a", ["a"]),
        ("[[ a < b && ( -n c || ! -f d ) ]] && e", ["e"]),
        ("[[ a =~ ^(x|y z)$ || b == @(c|d) ]]; e", ["e"]),
        ("[[ a\n&& b ]]; c", ["c"]),
        ("[[ -f <(a) ]]", ["a"]),
        ("coproc a; coproc NAME { b; }; coproc NAME ( c )", ["a", "b", "c"]),
        ("x=1 y=2 a", ["a"]),
        ("x=(1 $(a)\n# no\n[2]=3 4) b", ["a", "b"]),
        ("x[1 + $(a)]+=2 b", ["a", "b"]),
        ("x[1] b", ["x[1]|b"]),
        ("declare x=(1 2) y[1]=3 z; alias c=d", ["alias|c=d"]),
        (">out a 2>&1 b <in {fd}>x 3<&-", ["a|b"]),
        ("> out", []),
        ("a 2>x&b", ["a", "b"]),
        ("a &>x b &>>y", ["a|b"]),
        ("a >| x; b>y", ["a", "b"]),
        ("a # b\n#c\nd#e", ["a", "d#e"]),
        ("echo a\\\nb\\\n c", ["echo|ab|c"]),
        ("a &\\\n& b |\\\n| c", ["a", "b", "c"]),
        ("i\\\nf a; then b; f\\\ni", ["a", "b"]),
        ("a $\\\n(b)", ["b", "a"]),
        ("echo a\\\\\nb", ["echo|a\\", "b"]),
        ("echo <(a) >(b)", ["a", "b"]),
        ('echo `a \\`b\\`` "`c \\"d\\"`"', ["b", "a", "c|d"]),
        ('echo "$(a ")")" ${x:-$(b)}', ["a", "b"]),
        ("echo $(( $(a) + (1) )) $[ $(b) ] $((x[$(c)]))", ["a", "b", "c"]),
        ("echo $((a); (b))", ["a", "b"]),
        ("echo ${ a; } ${| b; }", ["a", "b"]),
        ('echo $"a" $\'it\\\'s\' $ $"$(b)"', ["b", "echo|a|it's|$"]),
        ("echo ${#x} ${#} ${#:-a} ${!x} ${x[1]} ${x[@]:1}", []),
        ('echo "${x:-\'$(a)}" "${x#\'$(b)\'}"', ["a", "b"]),
        ("echo ${x:-'}'} ${x:-\\}} ${x:-\"}$(a)\"} ${x:-a<(b)}", ["a", "b"]),
        ("echo ${(e)x} ${x!$(a)}", ["a"]),
        ("ls !(a|b c)", ["ls|!(a|b c)"]),
        ("cat <<A <<'B' && d\n$(a)\nA\n$(b)\nB\nc", ["a", "cat", "d", "c"]),
        ("cat <<-A\n\t$(a)\n\tA\nb", ["a", "cat", "b"]),
        ('cat <<A\n\\$(a) `b` \\\\ "\nA', ["b", "cat"]),
        ("cat <<A\nx\\\nA\nA\nb", ["cat", "b"]),
        ("cat <<A\nx\\\\\nA\nb", ["cat", "b"]),
        ("cat <<A", ["cat"]),
        ("(cat <<A\n$(a)\nA\n)\nb", ["a", "cat", "b"]),
        ("echo $(cat <<A\n$(a)\nA\n) b", ["a", "cat"]),
        ("", []),
    ],
)
def test_commands(judging: Judging, script: str, expected: list[str]) -> None:
    assert UNREADABLE not in parse(script).doubts
    found = commands(judging, script)
    for command in expected:
        assert any(command == one or one.startswith(f"{command}|") for one in found), found
    assert parse(script).lost == ""


@pytest.mark.parametrize(
    "script",
    [
        "a; )", "a | then", "a && fi", "echo $((\" ))", "a ;; b", "(a", "{ a", "{ }", "()", "a &&", "a | ; b",
        "if a; then b",
        "if a; b; fi",
        "while a; b; done",
        "for x in a; b; done", "for ((a; b; c)", "case x in a b) c;; esac", "case x a) b;; esac", "case x in a) b",
        "done",
        "case x in (;; esac", "f( a", "function", "[[ a", "[[ ]]", "'a", '"a', "`a", "$(a", "${a", "$'a", "<(a",
        "a >", "a > ;", "x=(a",
        "x=(;)", "echo @(a", "echo a(b)", "$((1", "x[1", "a & && b", "then", "if a; then b; else c; else d; fi",
        "while a; do b; fi", "a $(b",
    ],
)  # fmt: skip
def test_what_does_not_follow_the_grammar_is_said(script: str) -> None:
    assert UNREADABLE in parse(script).doubts


def test_the_lines_before_one_that_cannot_be_read_are_read(judging: Judging) -> None:
    assert commands(judging, "a 'x y'\nb (") == ["b", "a|x y"]


@pytest.mark.parametrize(
    "script",
    [
        "( " * 90 + "a" + ")" * 90,
        "$(" * 90,
        '"$(' * 90,
        "`" + "$(" * 90 + "`",
        "$((" + "$(" * 90 + "))",
        "${x[" + "$(" * 90,
        "cat <<A\n" + "$(" * 90,
    ],
)
def test_too_deep(script: str) -> None:
    assert TOO_DEEP in {parse(script).lost, *parse(script).doubts}


def test_an_expression_that_is_none_again_and_again_is_given_up() -> None:
    assert parse("echo " + "$((a) ) " * 20 + "$((1))").lost == TOO_DEEP


def test_only_the_whole_grammar_reads() -> None:
    for part in (Lexer, Lists):
        with pytest.raises(TypeError, match="abstract"):
            part("a")


def test_too_long() -> None:
    assert parse("a" * (LIMIT + 1)).lost == TOO_LONG


@pytest.mark.parametrize(
    ("script", "doubt"),
    [
        ("((rm x))", "an expression that other shells read as commands"),
        ("((reboot))", "an expression that other shells read as commands"),
        ("((a;b))", "an expression that other shells read as commands"),
        ("(( 'a' + $(b) ))", "a quote inside an expression, which shells read differently"),
        ("a $(( $(case b in b) c;; esac) ))", "an expression with uneven brackets, which shells read differently"),
        ("cat <<$x\na\n$x", "a here-document whose last line is an expansion"),
        ("a $(b <<E)\nE", "a here-document whose lines stand outside of its substitution"),
        ("a `b (`", "a substitution that cannot be parsed"),
        ("cat <<E\n`b\nE", "a here-document that cannot be parsed"),
        ("echo ${x[}", "a parameter expansion that shells read differently"),
        ("echo ${}", "a parameter expansion that shells read differently"),
        ("ls\r", "a control character that shells and readers treat differently"),
        ("type C:\\secret", "a command line for Windows, which other shells read differently"),
        ("echo %APPDATA%", "a command line for Windows, which other shells read differently"),
        ("dir ^& del x", "a command line for Windows, which other shells read differently"),
        ("copy \\\\till\\share x", "a command line for Windows, which other shells read differently"),
        ("echo $env:TEMP", "a command line for Windows, which other shells read differently"),
    ],
)
def test_doubts(script: str, doubt: str) -> None:
    assert doubt in parse(script).doubts


@pytest.mark.parametrize(
    "script",
    [
        "((i++))",
        "(( x = 1 + y ))",
        "((i < 5))",
        "date +%Y%m%d",
        "git log --format=%H%n%an",
        "echo a:b",
        "(( $(a) ))",
        "((1))",
    ],
)
def test_what_every_shell_reads_alike_is_not_doubted(script: str) -> None:
    assert parse(script).doubts == ()


def test_loose_commands() -> None:
    assert list(loose_commands("x=1 'rm' -rf /; \"ls\" | y=2\n")) == [["rm", "-rf", "/"], ["ls"]]


def test_a_text_that_is_expanded_once_more() -> None:
    assert expanded("a[$(b)]") is not None
    assert expanded("$(") is None
