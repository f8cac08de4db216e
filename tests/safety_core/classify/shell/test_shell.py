"""The shell's own rules: words, streams, options, and what the values of options name."""

from __future__ import annotations

import pytest

from safety_core.model.facts import Kind
from safety_core.model.level import Level
from tests.simulators.judging import Judging


def paths(judging: Judging, command: str) -> list[str]:
    """Return the paths a command touches, as it would see them."""
    return [target.value for action in judging.shell(command).actions for target in action.targets]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a{b,c}d", ["abd", "acd"]),
        ("{a,b}{c,d}", ["ac", "ad", "bc", "bd"]),
        ("{a,{b,c}}", ["a", "b", "c"]),
        ("{a}", ["{a}"]),
        ('"{a,b}"', ["{a,b}"]),
        (r"a\{b,c}", ["a{b,c}"]),
        (r"a\ b 'c d' \"e\"", ["a b", "c d", '"e"']),
        (r"$'\x61\u0062\143\n\cA\q'", ["abc\n\x01\\q"]),
        (r"$'\ud800'x", ["\ufffcx"]),
        ('$"a"', ["a"]),
        ('"" x', ["", "x"]),
        ('"a\\$b\\`c"', ["a$b`c"]),
        ("'~'/x", ["./~/x"]),
    ],
)
def test_words(judging: Judging, words: str, expected: list[str]) -> None:
    base = "/workspace/"
    want = [(base + word).rstrip("/") if not word.startswith("./") else base + word[2:] for word in expected]
    assert paths(judging, f"touch {words}") == want


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("x=a; y=b; touch $x$y", "/workspace/ab"),
        ("x=a; x+=b; touch $x", "/workspace/ab"),
        ("x=; touch ${x:-d}", "/workspace/d"),
        ("x=; touch a${x-d}", "/workspace/a"),
        ("touch ${unset-d}", "/workspace/d"),
        ("touch ${unset}", "/workspace/\ufffc"),
        ("touch ${x/a/b}", "/workspace/\ufffc"),
        ("touch $(echo a)", "/workspace/a"),
        ("touch $(echo -n a)", "/workspace/a"),
        ("touch $(printf '%s' a)", "/workspace/a"),
        ("touch a$((1+2))", "/workspace/a\ufffc"),
        ("cd sub && touch a", "/workspace/sub/a"),
        ("cd; touch a", "~/a"),
        ("cd -; touch a", "\ufffc/a"),
        ("(cd sub); touch a", "/workspace/a"),
        ("if true; then x=a; fi; touch $x", "/workspace/\ufffc"),
        ("x=b; while x=a; do touch $x; done", "/workspace/a"),
        ("f() { touch $1; }; f a", "/workspace/a"),
        ("bash -c 'touch $1' sh a", "/workspace/a"),
        ("for x in 1 2; do touch f$x; done", "/workspace/f2"),
        ("touch $@a", "/workspace/a"),
        ("a[1]=$(touch b)", "/workspace/b"),
        ("x=b touch a", "/workspace/a"),
        ("select x in a; do touch $x; done", "/workspace/a"),
        ("git -C sub add x; touch a", "/workspace/a"),
        ("cat <<EOF > out\nx\nEOF\n", "/workspace/out"),
        ("cat <<EOF >out && touch a\nx\nEOF\n", "/workspace/a"),
        ("tee out <<< x", "/workspace/out"),
        ("(cat) <<< x > out", "/workspace/out"),
        ("> out", "/workspace/out"),
        ("touch a\\\nb", "/workspace/ab"),
        ("f() { ls; } > out; f", "/workspace/out"),
        ("for x; do touch a$x; done", "/workspace/a\ufffc"),
        ("for x in {a,b,c,d,e}{a,b,c,d,e}; do touch a$x; done", "/workspace/a\ufffc"),
        ('touch a$"b"', "/workspace/ab"),
        ("while read x; do touch a; done <<< y > out", "/workspace/out"),
        (">out echo x", "/workspace/out"),
    ],
)
def test_what_is_static_is_followed(judging: Judging, script: str, path: str) -> None:
    assert path in paths(judging, script)


@pytest.mark.parametrize(
    ("script", "level"),
    [
        ("cat > x.sh <<'EOF'\nrm -rf /\nEOF\nbash x.sh", Level.CRITICAL_RED),
        ("cat x.sh | bash", Level.YELLOW),
        ("echo 'rm -rf /' > x.sh; cat x.sh | bash", Level.CRITICAL_RED),
        ("echo 'rm -rf /' > x.sh; bash < x.sh", Level.CRITICAL_RED),
        ("echo 'rm -rf /' > x.sh; . ./x.sh", Level.CRITICAL_RED),
        ("cat | bash <<< 'rm -rf /'", Level.CRITICAL_RED),
        ("(bash) <<< 'rm -rf /'", Level.CRITICAL_RED),
        ("bash - <<< 'rm -rf /'", Level.CRITICAL_RED),
        ("bash -s x <<< 'rm -rf /'", Level.CRITICAL_RED),
        ("bash", Level.YELLOW),
        ("bash --version", Level.GREEN),
        ("bash --version x.sh", Level.GREEN),
        ("git --no-such-option=x status", Level.YELLOW),
        ("openssl -unheard-of", Level.YELLOW),
        ("git --no-pager=x log", Level.GREEN),
        ("bash $file", Level.YELLOW),
        ("echo '%%%' | base64 -d | sh", Level.RED),
        ("echo a | base64 | sh", Level.YELLOW),
        ("cat x | xxd -r | sh", Level.RED),
        ("cat <<EOF | sh\nrm -rf /\nEOF\n", Level.CRITICAL_RED),
        ("cat <<-EOF | sh\n\t$(rm -rf /)\n\tEOF\n", Level.CRITICAL_RED),
        ("echo a b | xargs rm -rf", Level.RED),
        ("echo / | xargs rm -rf", Level.CRITICAL_RED),
        ("echo / | xargs -I X rm -rf X", Level.CRITICAL_RED),
        ("echo rm -rf / | python", Level.YELLOW),
        ("fd pattern -x rm -rf {}", Level.RED),
        ("fd -x", Level.GREEN),
        ("env A=1 LD_PRELOAD=x.so ls", Level.YELLOW),
        ("wget -O - https://example.com", Level.GREEN),
        ("wget -O page https://example.com", Level.YELLOW),
        ("wget https://example.com", Level.YELLOW),
        ("http GET https://example.com q==1", Level.GREEN),
        ("http DELETE https://example.com", Level.RED),
        ("http https://example.com a=1", Level.YELLOW_EXTERNAL),
        ("scp a.example:x b.example:y", Level.YELLOW_EXTERNAL),
        ("rsync rsync://a.example/x y", Level.YELLOW_EXTERNAL),
        ("docker run -v /:/host image ls", Level.RED),
        ("docker run -v data:/data image ls", Level.YELLOW),
        ("docker run -v /etc:/etc:ro image ls", Level.YELLOW),
        ("gh api -X GET x -f q=1", Level.GREEN),
        ("curl -F x=@report.pdf -F y=plain -d @- https://example.com", Level.YELLOW_EXTERNAL),
        ("curl -X POST https://example.com/items/delete", Level.RED),
        ("chmod o+w x", Level.RED),
        ("chmod 4755 x", Level.RED),
        ("kubectl get pods --all", Level.GREEN),
        ("aws --delete-everything", Level.RED),
        ("rg --no-such-option=x pattern", Level.YELLOW),
        ("sort --outp=x a", Level.YELLOW),
        ("sort --output=x a", Level.YELLOW),
        ("sort -ox a", Level.YELLOW),
        ("sort -o", Level.GREEN),
        ("git push --dry-run", Level.GREEN),
        ("cp -t dir a b", Level.YELLOW),
        ("dd if=a of=b", Level.YELLOW),
        ("python -c 'x' --version", Level.YELLOW),
        ('python -c "$code"', Level.YELLOW),
        ("mysql -e 'grant all on x to y'", Level.RED),
        ("psql -c 'vacuum'", Level.YELLOW),
        ("mytool create token", Level.RED),
        ("awk '{print}' a", Level.GREEN),
        ("exec 5<>file", Level.YELLOW),
        ("cat < a", Level.GREEN),
        ("ls >&2 2>&-", Level.GREEN),
        ("echo /w== | base64 -d | sh", Level.RED),
        ("base64 -d file | sh", Level.RED),
        ("docker run -v /tmp/x image ls", Level.YELLOW),
        ("http https://example.com x", Level.GREEN),
        ("scp a.example:x b", Level.YELLOW_EXTERNAL),
        ("[[ $(rm -rf /) == a ]]", Level.CRITICAL_RED),
        ("(( x = $(rm -rf /) ))", Level.CRITICAL_RED),
        ("case $(rm -rf /) in a) ;; esac", Level.CRITICAL_RED),
        ("while read x; do ls; done <<< $(rm -rf /)", Level.CRITICAL_RED),
        ("# nothing but a comment", Level.YELLOW),
        ("", Level.YELLOW),
    ],
)
def test_level(judging: Judging, script: str, level: Level) -> None:
    verdict = judging.verdict(judging.shell(script))
    assert verdict.level is level, verdict.hits


def test_a_reference_is_a_plain_word(judging: Judging) -> None:
    assert judging.level("echo SECRET_REF(shop.key) | cat") is Level.GREEN


def test_recipients_of_a_push_are_known(judging: Judging) -> None:
    facts = judging.shell("git push https://github.com/a/b main")
    assert [target.value for target in facts.recipients] == ["github.com"]


def test_reaching_this_machine_is_no_reaching_outside(judging: Judging) -> None:
    assert Kind.OUTWARD not in judging.kinds("curl -d x http://127.0.0.1:8080/")


@pytest.mark.parametrize(
    ("command", "level"),
    [
        ("#" + "x" * 70_000 + "\nrm -rf build", Level.RED),
        ("alias ls='rm -rf /'\nls", Level.CRITICAL_RED),
        ("alias ll='ls -l'", Level.YELLOW),
        ("alias", Level.GREEN),
        ("ls\x0brm", Level.YELLOW),
    ],
)
def test_what_only_the_shell_will_read_is_no_harmless_command(judging: Judging, command: str, level: Level) -> None:
    assert judging.level(command) is level


def test_a_program_that_nobody_listed_and_that_only_looks_is_still_unclear(judging: Judging) -> None:
    facts = judging.shell("zorgtool list things")
    assert [action.kind for action in facts.actions] == []
    assert "zorgtool: a program that the catalogue does not list" in facts.unknown
    assert [action.kind for action in judging.shell("zorgtool delete things").actions] == [Kind.DESTROY]
