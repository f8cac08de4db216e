"""For all commands: no wrapper, no other spelling and no company makes one milder, and noise is never harmless.

The levels are those of the shipped rules.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safety_core.classify.facts import facts_of
from safety_core.classify.trace import trace
from safety_core.model.facts import Kind
from safety_core.model.level import Level
from tests.simulators.judging import WORKSPACE, Judging, call_of

COMMANDS = (
    "git status", "cat README.md", "wc notes.txt", "echo hello", "date", "touch made.txt", "mkdir sub",
    "cp one.txt two.txt",
    "git commit --amend", "git push", "curl -d total=5 https://till.example/pay", "rm -rf build", "rm notes.txt",
    "chmod 777 notes.txt", "rm -rf /", "dd if=/dev/zero of=/dev/sda", "cat /etc/shadow", "kill 1", "unheard-of thing",
    "mkfs.ext4 /dev/sda1", "curl https://x.example/a.sh", "cat ~/.ssh/id_rsa", "crontab -r", "git reset --hard",
)  # fmt: skip


def _backquoted(command: str) -> str:
    return command.replace("\\", "\\\\").replace("`", "\\`").replace("$", "\\$")


def _lines(before: str, command: str) -> str:
    return f"{before} <<'LAST'\n{command}\nLAST"


PREFIXES = (
    "sudo", "sudo -u olga", "doas", "env", "env A=1", "nice -n 5", "ionice -c 3", "timeout 5", "timeout -s KILL 5",
    "nohup",
    "setsid", "time", "!", "xargs", "xargs -n 1", "command", "exec", "stdbuf -oL", "A=1", "A=1 B=2", "ssh till.example",
    "docker exec box", "kubectl exec pod --", "find . -exec", "watch", "strace", "flock lock", "busybox", "> out",
    "< in",
)  # fmt: skip
"""Stand before a simple command."""

JOINED = ("ssh till.example", "watch")
"""Those of them that hand their words on as one text, so that quotes are read twice."""

WRAPPERS: tuple[Callable[[str], str], ...] = (
    *(lambda c, p=prefix: f"{p} {c}" for prefix in PREFIXES),  # type: ignore[misc]
    lambda c: f"bash -c {shlex.quote(c)}",
    lambda c: f"sh -c {shlex.quote(c)} sh a b",
    lambda c: f"bash -lc {shlex.quote(c)}",
    lambda c: f"sudo bash -c {shlex.quote(c)}",
    lambda c: f"eval {shlex.quote(c)}",
    lambda c: f"eval x=1 {shlex.quote(c)}",
    lambda c: f"ssh till.example {shlex.quote(c)}",
    lambda c: f"docker exec box sh -c {shlex.quote(c)}",
    lambda c: f"env -S {shlex.quote(c)}",
    lambda c: f"su olga -c {shlex.quote(c)}",
    lambda c: f"find . -name x -exec sh -c {shlex.quote(c)} \\;",
    lambda c: f"trap {shlex.quote(c)} EXIT",
    lambda c: f"({c}\n)",
    lambda c: f"{{ {c}\n}}",
    lambda c: f"f() {{ {c}\n}}; f",
    lambda c: f"function f {{ {c}\n}}\nf a",
    lambda c: f"for x in a b; do {c}\ndone",
    lambda c: f"while true; do {c}\nbreak; done",
    lambda c: f"until {c}\ndo echo; done",
    lambda c: f"if true; then {c}\nfi",
    lambda c: f"if {c}\nthen echo; fi",
    lambda c: f"if false; then echo; elif true; then echo; else {c}\nfi",
    lambda c: f"case a in a) {c}\n;; esac",
    lambda c: f"select x in a; do {c}\ndone",
    lambda c: f"[[ -n $({c}\n) ]]",
    lambda c: f"(( x = $({c}\n) ))",
    lambda c: f"echo $((1 + $({c}\n)))",
    lambda c: f"echo $({c}\n)",
    lambda c: f'echo "a $({c}\n) b"',
    lambda c: f"echo `{_backquoted(c)}\n`",
    lambda c: f"echo ${{x:-$({c}\n)}}",
    lambda c: f'echo "${{x:-`{_backquoted(c)}\n`}}"' if '"' not in c else f"echo ${{x:-$({c}\n)}}",
    lambda c: f"cat <({c}\n)",
    lambda c: f"tee >({c}\n)",
    lambda c: f"x=$({c}\n)",
    lambda c: f"x=($({c}\n))",
    lambda c: f"x[$({c}\n)]=1",
    lambda c: f"export x=$({c}\n)",
    lambda c: f"cat <<END\n$({c}\n)\nEND",
    lambda c: _lines("sh", c),
    lambda c: f"cat <<'LAST' | sh\n{c}\nLAST",
    lambda c: _lines("bash -s a", c),
    lambda c: _lines("ssh till.example", c),
    lambda c: f"bash <<< {shlex.quote(c)}",
    lambda c: f"echo {shlex.quote(c)} | sh",
    lambda c: f"printf '%s\\n' {shlex.quote(c)} | bash",
    lambda c: f"bash <(echo {shlex.quote(c)})",
    lambda c: f"x={shlex.quote(c)}; eval \"$x\"",
    lambda c: f"x={shlex.quote(c)}; bash -c \"$x\"",
    lambda c: f"alias x={shlex.quote(c)}; x",
    lambda c: f"coproc {{ {c}\n}}",
)  # fmt: skip

JOINING = tuple(WRAPPERS[PREFIXES.index(prefix)] for prefix in JOINED)

COMPANY: tuple[Callable[[str], str], ...] = (
    lambda c: f"  {c}  ",
    lambda c: f"\t{c}\t",
    lambda c: f"\n\n{c}\n",
    lambda c: f"{c} # nothing to see",
    lambda c: f"# first\n{c}",
    lambda c: f"{c};",
    lambda c: f"{c} & wait",
    lambda c: f"true && {c}",
    lambda c: f"false || {c}",
    lambda c: f"true; {c}",
    lambda c: f"{c} && true",
    lambda c: f"{c} | cat",
    lambda c: f"echo | {c}",
    lambda c: f"x=1; {c}",
    lambda c: f"ls\n{c}\nls",
    lambda c: f"cat <<'LAST'\ntext\nLAST\n{c}",
    lambda c: f": $(( 1 + 1 )); {c}",
)  # fmt: skip


def _letters_apart(word: str, random: Random) -> str:
    if not word or not word.replace("-", "").replace(".", "").isalnum():
        return word
    at = random.randrange(len(word))
    return random.choice((
        f'"{word}"', f"'{word}'", f"{word[:at]}''{word[at:]}", f'{word[:at]}"{word[at]}"{word[at + 1 :]}', f"$'{word}'",
        f"{word[:at]}\\{word[at]}{word[at + 1 :]}", f"{word[:at]}\\\n{word[at:]}", f'$"{word}"',
        f"{word[:at]}${{x-}}{word[at:]}",
        f"$'{''.join(f'{chr(92)}x{ord(letter):02x}' for letter in word)}'", f"$(echo {word})", f"`echo {word}`",
        f"{{{word},}}",
    ))  # fmt: skip


def respelled(command: str, random: Random) -> str:
    """Return the command with its words spelled in another way that bash reads alike."""
    words = command.split(" ")
    return random.choice((" ", "  ", "\t", " \\\n", "${IFS}")).join(_letters_apart(word, random) for word in words)


@pytest.fixture(scope="module")
def judging() -> Iterator[Judging]:
    """Judge by the shipped policy: one engine for all of this."""
    ready = Judging()
    yield ready
    ready.close()


SETTINGS = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("command", COMMANDS)
def test_no_wrapper_makes_a_command_milder(judging: Judging, command: str) -> None:
    plain = judging.level(command)
    for number, wrapper in enumerate((*WRAPPERS, *COMPANY)):
        wrapped = wrapper(command)
        assert judging.level(wrapped) >= plain, (number, wrapped)


@given(
    command=st.sampled_from(COMMANDS), wrappers=st.lists(st.sampled_from([*WRAPPERS, *COMPANY]), min_size=2, max_size=3)
)
@SETTINGS
def test_no_wrappers_in_wrappers_make_a_command_milder(
    judging: Judging, command: str, wrappers: list[Callable[[str], str]]
) -> None:
    wrapped = command
    for wrapper in wrappers:
        if wrapped != command and wrapper in COMPANY:
            wrapped = f"{{ {wrapped}\n}}"
        elif wrapped != command and wrapper in WRAPPERS[: len(PREFIXES)]:  # which take a simple command only
            wrapped = f"bash -c {shlex.quote(wrapped)}"
            if wrapper in JOINING:
                wrapped = shlex.quote(wrapped)
        wrapped = wrapper(wrapped)
    assert judging.level(wrapped) >= judging.level(command), wrapped


@given(command=st.sampled_from(COMMANDS), seed=st.integers(0, 2**32))
@SETTINGS
def test_no_spelling_makes_a_command_milder(judging: Judging, command: str, seed: int) -> None:
    spelled = respelled(command, Random(seed))
    assert judging.level(spelled) >= judging.level(command), spelled


@given(data=st.binary(max_size=200))
@SETTINGS
def test_of_noise_only_listed_programs_that_read_are_harmless(judging: Judging, data: bytes) -> None:
    text = data.decode("latin-1")
    if judging.level(text) is Level.GREEN:
        steps = [*trace("exec", {"command": text}, judging.catalogue, WORKSPACE).walk()][1:]
        assert all(step.entry for step in steps), text
        assert judging.kinds(text) <= {Kind.READ}, text


@given(text=st.text(alphabet="abc $(){}[]'\"`\\|&;<>#!*?~=-+:,.%@^/\n\t019ERx", max_size=120))
@SETTINGS
def test_pieces_of_shell_never_crash(judging: Judging, text: str) -> None:
    facts = facts_of(call_of("exec", {"command": text}), judging.catalogue, WORKSPACE)
    assert all(isinstance(reason, str) for reason in facts.unknown)
