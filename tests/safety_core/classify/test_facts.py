"""What holds for every call: odd input never raises and is never green; a wrapper never makes a call milder."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.canonical import canonical_bytes
from safety_core.classify.facts import facts_of, shows
from safety_core.model.level import Level
from tests.simulators.judging import WORKSPACE, Judging, call_of

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PIECES = st.sampled_from(
    [
        *(
            "ls",
            "rm",
            "-rf",
            "/",
            "~",
            "$x",
            "${y:-z}",
            "$(",
            ")",
            "`",
            '"',
            "'",
            ";",
            "|",
            "&&",
            "||",
            "&",
            "(",
            "{",
            "}",
        ),
        *(
            "<",
            ">",
            ">>",
            "<<",
            "<<-",
            "EOF",
            "\n",
            "\\",
            "*",
            "?",
            "[",
            "]",
            "=",
            "a=1",
            "if",
            "then",
            "fi",
            "for",
            "in",
        ),
        *("do", "done", "case", "esac", "while", "function", "f()", "sudo", "env", "bash", "-c", "eval", "git", "push"),
        *(
            "curl",
            "-d",
            "@x",
            "xargs",
            "find",
            ".",
            "-exec",
            "{}",
            "+",
            "--",
            "\x00",
            "\r",
            "\t",
            "!",
            "time",
            "coproc",
        ),
        *("2>&1", "<(", ">(", "<<<"),
    ]
)
WRAPPERS = [
    "sudo {}",
    "sudo -u root {}",
    "env A=1 {}",
    "nice -n 5 {}",
    "timeout 5 {}",
    "nohup {}",
    "setsid {}",
    "stdbuf -o L {}",
    "time {}",
    "command {}",
    "exec {}",
    "busybox {}",
    "docker exec web {}",
    "kubectl exec pod -- {}",
    "npx {}",
    "strace -f {}",
    "flock /tmp/lock {}",
    "chroot /mnt {}",
    "./wrapper; {}",
    "( {} )",
    "{{ {}; }}",
    "if true; then {}; fi",
    "while true; do {}; done",
    "for x in 1 2; do {}; done",
    "f() {{ {}; }}; f",
    "echo $({})",
    "cat <({})",
    "! {}",
    "{} | cat",
    "{} > /dev/null 2>&1",
    "bash -c '{}'",
    "sh -lc '{}'",
    "eval '{}'",
    "ssh host '{}'",
    "su -c '{}' root",
    "watch '{}'",
    "trap '{}' EXIT",
    "bash <<< '{}'",
    "bash <<'E'\n{}\nE\n",
    "echo '{}' | sh",
    "xargs -I X {}",
    "find . -exec {} ';'",
]
INNER = st.sampled_from([
    "ls",
    "cat notes.txt",
    "touch a",
    "rm -rf build",
    "rm -rf /",
    "git push",
    "curl -d x https://example.com",
    "chmod 777 a",
    "kill 1",
    "cat .env",
    "nobody-knows-this",
])  # fmt: skip


@given(data=st.data())
def test_odd_arguments_never_raise_and_are_never_green(judging: Judging, data: st.DataObject) -> None:
    tools: Any = judging.catalogue["tools"]
    tool = data.draw(st.sampled_from(sorted(tools)) | st.text(max_size=12))
    params = data.draw(
        st.dictionaries(st.sampled_from(["command", "path", "url", "action", "id", "args"]) | st.text(), ODD)
    )
    facts = facts_of(call_of(tool, params), judging.catalogue, WORKSPACE)
    canonical_bytes(facts.to_json())
    if tool not in tools:
        assert judging.verdict(facts).level >= Level.YELLOW


@settings(max_examples=300)
@given(pieces=st.lists(PIECES, max_size=14), glue=st.sampled_from(["", " "]))
def test_any_command_line_is_read_and_can_be_judged(judging: Judging, pieces: list[str], glue: str) -> None:
    canonical_bytes(judging.shell(glue.join(pieces)).to_json())


@given(text=st.text())
def test_any_text_is_read(judging: Judging, text: str) -> None:
    facts = judging.shell(text)
    canonical_bytes(facts.to_json())
    if facts.unknown:
        assert judging.verdict(facts).level >= Level.YELLOW


@settings(max_examples=300)
@given(command=INNER, wrappers=st.lists(st.sampled_from(WRAPPERS), min_size=1, max_size=3))
def test_a_wrapper_never_makes_a_command_milder(judging: Judging, command: str, wrappers: list[str]) -> None:
    wrapped = command
    for wrapper in wrappers:
        if "'" in wrapper and ("'" in wrapped or "\n" in wrapped):
            continue
        if wrapped is not command and "'" not in wrapper:
            if "'" in wrapped or "\n" in wrapped:
                continue
            wrapped = f"bash -c '{wrapped}'"
        wrapped = wrapper.format(wrapped)
    assert judging.level(wrapped) >= judging.level(command), wrapped


@given(st.text("abcdefgh/.-_~", max_size=30))
def test_reading_another_program_s_help_is_no_way_round(judging: Judging, tail: str) -> None:
    assert judging.level(f"bash -c 'rm -rf /' --help {tail}") is Level.CRITICAL_RED


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_wrapper_shows_what_it_wraps(judging: Judging, wrapper: str) -> None:
    assert judging.level(wrapper.format("rm -rf /")) is Level.CRITICAL_RED


def test_too_much_is_not_understood(judging: Judging) -> None:
    assert "more commands than can be followed" in judging.shell("; ".join(["ls"] * 600)).unknown
    assert "more effects than can be listed" in judging.shell("; ".join(f"cat f{n}" for n in range(300))).unknown
    assert judging.shell("; ".join(f"p{n}" for n in range(60))).unknown
    assert judging.shell("ls " + "x" * 70_000).unknown


def test_what_finds_no_room_among_the_facts_is_not_taken_for_harmless(judging: Judging) -> None:
    looks = "; ".join(f"cat f{n}" for n in range(200))
    assert judging.level(looks) is Level.GREEN
    assert judging.level(f"{looks}; cat f1") is Level.GREEN
    assert judging.level(f"{looks}; rm -rf /srv") >= Level.RED
    assert "more commands than can be followed" in judging.shell("; ".join(f"zork{n}" for n in range(600))).unknown


@pytest.mark.parametrize(
    "command",
    [
        "eval " * 40 + "rm x",
        "sudo " * 3000 + "rm x",
        "(" * 400 + "rm x" + ")" * 400,
        "$(" * 400 + "rm x" + ")" * 400,
        "while x=1$x; do " * 30 + "rm x;" + " done;" * 30,
        "f() { sh -c 'f() { rm x; }; f'; f; }; f; " + "ls;" * 600,
    ],
)
def test_what_hides_in_depth_is_graver_not_milder(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.YELLOW


@pytest.mark.parametrize("command", ["eval " * 40 + "rm -rf /", "sudo " * 3000 + "rm -rf /", "ls;" * 600 + "rm -rf /"])
def test_what_cannot_be_followed_to_its_end_is_red(judging: Judging, command: str) -> None:
    assert judging.level(command) >= Level.RED


def test_a_function_may_be_defined_again_inside_itself(judging: Judging) -> None:
    assert judging.level("f() { f() { rm -rf /; }; f; }; f") is Level.CRITICAL_RED


@pytest.mark.parametrize(
    ("seen", "done", "shown"),
    [
        ("echo SECRET_REF(a); rm x", "echo plain; rm y", True),
        ("rm x", "rm y; rm z", False),
        ("cat x", "cat /etc/shadow", False),
        ("cat x", "cat x; some-program-nobody-knows", False),
    ],
)
def test_what_a_call_does_shows_in_another_that_does_as_much(
    seen: str, done: str, shown: bool, judging: Judging
) -> None:
    assert shows(judging.shell(seen), judging.shell(done)) is shown


@pytest.mark.parametrize(
    "command",
    [
        "printf %s REF | head -c 4",
        "printf %s REF | od -c",
        "printf %.4s REF",
        "printf '%s %d' a REF",
        "test REF \\> m",
        "[[ REF == a* ]] && echo yes",
        "case REF in a*) echo yes;; esac",
        'K=REF; echo "${K:0:4}"',
        'K=REF; echo "${K%????}" ${#K}',
        "echo REF | while read -n1 c; do echo $c; done",
        "python3 -c 'print(\"REF\"[::-2])'",
        "echo REF > notes.txt",
        "echo REF | tee notes.txt",
    ],
)
def test_a_secret_that_could_be_seen_in_pieces_asks(command: str, judging: Judging) -> None:
    assert judging.level(command.replace("REF", "SECRET_REF(shop_key)")) is Level.RED
    assert judging.level(command.replace("REF", "plain")) < Level.RED


def test_a_text_too_long_to_be_looked_through_counts_as_one_that_takes_a_secret_apart(judging: Judging) -> None:
    facts = judging.facts("exec", command="echo 'SECRET_REF(shop_key)' '" + "${a[" * 20_000 + "'")
    assert "substring" in [action.subject for action in facts.actions]


@pytest.mark.parametrize(
    "command",
    [
        "printf %s REF | sha256sum; echo it is REF",
        'printf "%s, %s\\n" "REF" "$PWD"',
        "echo REF >/dev/null; exit 3",
        "echo ${NAME:-nobody} REF",
    ],
)
def test_a_secret_that_is_used_whole_asks_nobody(command: str, judging: Judging) -> None:
    assert judging.level(command.replace("REF", "SECRET_REF(shop_key)")) is Level.GREEN
