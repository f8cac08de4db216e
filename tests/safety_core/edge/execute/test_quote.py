"""References in command lines: real shells print exactly the value, or the command is refused."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.edge.execute.quote import splice
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName

A = SecretName("a")
REF = "SECRET_REF(a)"
NASTY = 'x\'; echo "$HOME" `id` $(id) * \\ \\n {a,b} ~ #! \t%s -e'
SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


def printed(command: str, value: str, shell: str) -> str:
    spliced = splice(command, {A: "V"})
    assert REF not in spliced.split("#", 1)[0]
    environment = {"PATH": "/usr/bin:/bin", "V": value, "HOME": "/home"}
    done = subprocess.run([shell, "-c", spliced], capture_output=True, env=environment, check=False, timeout=20)
    assert done.stderr == b""
    return done.stdout.decode()


COMMANDS = {
    "unquoted": (f"printf %s {REF}", "{}"),
    "double": (f'printf %s "<{REF}>"', "<{}>"),
    "single": (f"printf %s '<{REF}>'", "<{}>"),
    "glued": (f"printf %s a{REF}'b{REF}c'\"d{REF}\"", "a{0}b{0}cd{0}"),
    "alone in single": (f"printf %s '{REF}'", "{}"),
    "apostrophe in double": (f'printf %s "it\'s {REF}"', "it's {}"),
    "double quote in single": (f"printf %s '\"{REF}\"'", '"{}"'),
    "escaped quotes": (f'printf %s \\"{REF}\\\'"\\"{REF}"', '"{0}\'"{0}'),
    "substitution": (f'printf %s "$(printf %s "{REF}")"', "{}"),
    "single in substitution": (f"printf %s \"a$(printf %s '{REF}')b\"", "a{}b"),
    "nested substitution": (f'printf %s "$(printf %s "$(printf %s {REF})")"', "{}"),
    "group": (f"(printf %s {REF}; (printf %s '{REF}'))", "{0}{0}"),
    "assignment": (f'X={REF}; printf %s "$X"', "{}"),
    "apostrophe in a comment": (f"true # don't\nprintf %s {REF}", "{}"),
    "reference in a comment": (f"printf %s {REF} # {REF} isn't \"here", "{}"),
    "comment behind a bracket": (f"(true)# don't\nprintf %s {REF}", "{}"),
    "hash in a word": (f"printf %s%s a#'b' {REF}", "a#b{}"),
    "escaped blank": (f"printf %s a\\ #'b {REF}'", "a #b {}"),
    "broken line": (f"printf %s \\\n  {REF}", "{}"),
    "broken line in quotes": (f'printf %s "a \\\n{REF}"', "a {}"),
    "loop": (f'for x in 1 2; do printf %s "{REF}"; done', "{0}{0}"),
    "case": (f"case x in (y) ;; x) printf %s {REF};; esac", "{}"),
    "function": (f'f() {{ printf %s "$1"; }}; f {REF}', "{}"),
    "parameter beside it": (f'X=1; printf %s "${{X:-no}}{REF}${{X}}"', "1{}1"),
    "quotes in a parameter": (f'printf %s ${{X:-\'a}}b\'}}{REF}""${{X:-"c"}}', "a}}b{}c"),
    "arithmetic beside it": (f"printf %s $(( (1 + 2) * 2 )){REF}", "6{}"),
    "backquotes beside it": (f"printf %s `printf \"\\`printf '%s' z\\`\"`{REF}", "z{}"),
    "here-document": (
        f'cat <<EOF; printf end\nkey: "{REF}" it\'s $HOME ${{HOME}}\x85\u2028\nEOF\n',
        'key: "{}" it\'s /home /home\x85\u2028\nend',
    ),
    "indented here-document": (f"cat <<-E\n\tx{REF}\n\tE\nprintf %s '{REF}'", "x{0}\n{0}"),
    "literal here-document": (f"cat <<'E'\nit's `$(\nE\nprintf %s {REF}", "it's `$(\n{}"),
    "here-document in a substitution": (f'printf %s "$(cat <<E\n{REF}\nE\n)"', "{}"),
    "two here-documents": (f"cat <<A - <<B\na\nA\n{REF}\nB", "{}\n"),
    "redirect": (f"printf %s {REF} 2>/dev/null >&1", "{}"),
    "pipe": (f"printf %s '{REF}' | cat", "{}"),
    "dollar in single": (f"printf %s 'cost: ${REF}'", "cost: ${}"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_real_shell_prints_the_value_in_its_place(name: str, shell: str) -> None:
    command, expected = COMMANDS[name]
    assert printed(command, NASTY, shell) == expected.format(NASTY)


VALUES = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=8)
MEANT = {"\\ ": " ", '"${V:+q}"': "q", "\\\\": "\\", "'$V'": "$V", '"\\$V"': "$V", "\\'": "'", '\\"': '"'}
PIECES = st.sampled_from(
    [
        *MEANT,
        *(REF, f'"{REF}"', f"'{REF}'", f'"x{REF}\'"', f"'y{REF}\"'"),
        *("a", "'b c'", '"d  e"', '"\'"', "'\"'", "'#'"),
        *(f'"$(printf %s {REF})"', f'"$(printf %s \'z\'"{REF}")"'),
    ]
)


@settings(max_examples=60)
@given(st.lists(PIECES, min_size=1, max_size=6), VALUES)
def test_however_pieces_are_joined_the_value_stays_what_it_is(pieces: list[str], value: str) -> None:
    value = f"{value}|"
    command = "printf %s " + "".join(pieces)
    expected = "".join(MEANT.get(piece) or _unquoted(piece).replace(REF, value) for piece in pieces)
    assert printed(command, value, SHELLS[0]) == expected


def _unquoted(piece: str) -> str:
    if piece.startswith('"$('):
        return ("z" if "z" in piece else "") + REF
    return piece[1:-1] if piece[0] in "'\"" else piece


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (f"echo `echo {REF}`", "backquotes"),
        (f'echo "`echo {REF}`"', "backquotes"),
        (f"echo ${{X:-{REF}}}", "backquotes"),
        (f'echo ${{X:-"{REF}"}}', "backquotes"),
        (f"echo $(( {REF} + (1) ))", "arithmetic"),
        (f"(( x = {REF} ))", "arithmetic"),
        (f"echo \\{REF}", "behind a backslash"),
        (f'echo "\\{REF}"', "behind a backslash"),
        (f"echo ${REF}", "behind a dollar"),
        (f'echo "${REF}"', "behind a dollar"),
        (f"cat <<'EOF'\n{REF}\nEOF", "does not expand"),
        (f'cat <<"EOF"\n{REF}\nEOF', "does not expand"),
        (f"cat <<\\EOF\n{REF}\nEOF", "does not expand"),
        (f"cat <<EOF\n\\{REF}\nEOF", "behind a backslash or dollar"),
        (f"cat <<EOF\n$(echo {REF})\nEOF", "substitutions"),
        (f"cat <<EOF\n${{X:-\n}}\nEOF\necho {REF}", "substitutions"),
        (f"cat <<EOF\na\\\nEOF\necho {REF}", "substitutions"),
        (f"cat <<EOF\n{REF}\n", "does not end"),
        (f"cat <<EOF {REF}", "ends inside"),
        (f"cat <<$X\n{REF}\n$X", "cannot be read"),
        (f"cat <<E$X\n{REF}\nE", "cannot be read"),
        (f"cat <<EOF 'a\nb'\nEOF\necho {REF}", "does not end with its command"),
        (f"echo $(cat <<EOF)\nEOF\necho {REF}", "brackets close"),
        (f"echo $'it\\'s' {REF}", "uses"),
        (f"echo $[1] {REF}", "uses"),
        (f"echo '{REF}", "ends inside"),
        (f'echo "{REF}', "ends inside"),
        (f"echo ({REF}", "ends inside"),
        (f'echo "$(case x in x) echo;; esac)" {REF}', "case"),
        (f"echo \"${{X:-'}}'}}\" {REF}", "quotes inside"),
        (f"echo $(( '1' )) {REF}", "quotes in arithmetic"),
        (f"echo \"$\\\n(echo '{REF}')\"", "broken in the middle"),
        (f"cat <\\\n<EOF\n{REF}\nEOF", "broken in the middle"),
        (f"echo a\\ \\\n#'{REF}'", "broken in the middle"),
    ],
)
def test_where_no_expansion_is_sure_the_command_is_refused(command: str, reason: str) -> None:
    with pytest.raises(ExecutionError, match=reason) as caught:
        splice(command, {A: "V"})
    assert caught.value.fix


def test_a_here_string_of_bash() -> None:
    assert splice(f"cat <<<{REF}", {A: "V"}) == 'cat <<<"${V}"'


def test_a_command_without_references_is_left_alone() -> None:
    for command in ("echo 'unfinished", "`", "cat <<EOF", ""):
        assert splice(command, {}) == command
