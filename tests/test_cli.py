"""The command line as a stranger meets it: every command explains itself, and errors name the fix."""

from __future__ import annotations

import io
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from safety_core.cli.main import COMMANDS, Commands, cli, run
from safety_core.cli.usage_error import usage_error
from safety_core.edge.shipped import shipped_folder


def commands(group: click.Group, prefix: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        found.append(((*prefix, word), command))
        if isinstance(command, click.Group):
            found += commands(command, (*prefix, word))
    return found


ALL = commands(cli)


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_every_command_explains_itself(words: tuple[str, ...], command: click.Command) -> None:
    result = CliRunner().invoke(cli, [*words, "--help"])
    assert result.exit_code == 0
    assert command.help, "says what it does"
    assert [line for line in result.output.splitlines() if len(line) > 80] == []
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option)), (
        "explains every option"
    )


@pytest.mark.parametrize(
    ("words", "command"), [((), cli), *ALL], ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_no_list_of_commands_cuts_a_short_help(words: tuple[str, ...], command: click.Command) -> None:
    listed = CliRunner().invoke(cli, [*words, "--help"], terminal_width=80).output.partition("\nCommands:\n")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []
    assert bool(listed) is isinstance(command, click.Group)


def test_the_design_lists_exactly_these_commands() -> None:
    assert isinstance(cli, Commands)
    promised = {
        "demo",
        "edge",
        "hub",
        "classify",
        "scan",
        "usage",
        "policy",
        "secret",
        "approvals",
        "audit",
        "backup",
        "tenant",
        "status",
        "top",
        "agent",
        "openclaw",
        "contain",
        "doctor",
        "baseline",
        "blueprint",
        "connection",
        "demo-pool",
        "executions",
        "hook",
        "mcp",
    }
    assert promised == set(cli.list_commands(click.Context(cli)))


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["no-such-command"], 2),
        (["scan", "--no-such-option"], 2),
        (["scan", "/no/such/file"], 2),
    ],
)
def test_exit_statuses(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == status
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no-such"], "safety: no such command 'no-such'. Fix: see safety --help"),
        (["scan", "--no-such-option"], "option --no-such-option: does not exist. Fix: see safety scan --help"),
        (["scan", "--formt", "x"], "option --formt: does not exist. Fix: did you mean --format?"),
        (["scan", "/no/such"], "FILES: path '/no/such' does not exist. Fix: see safety scan --help"),
        (["scan", "--max-size"], "option --max-size: requires an argument. Fix: see safety"),
        (["scan", "-q", "--format", "json"], "safety scan: --format is for FILES, and there are none"),
        (["classify", "--tier", "9"], "--tier: 9 is not in the range 1<=x<=3. Fix: see safety classify --help"),
        (["policy", "build"], "--tenant: is not given. Fix: see safety policy build --help"),
        (["secret", "set"], "NAME: is not given. Fix: see safety secret set --help"),
        (
            ["secret", "import", "/no/such"],
            "FILE: path '/no/such' does not exist. Fix: see safety secret import --help",
        ),
    ],
)
def test_a_wrong_command_line_is_told_as_all_errors_are(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"error: {told}")
    assert len(shown.err.splitlines()) == 1


def test_a_value_on_the_command_line_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["secret", "set", "shop_key", "plainly-invented-value"]) == 2
    told = "error: safety secret set: is given more arguments than it takes. Fix: see safety secret set --help\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        (["stauts"], "did you mean status?"),
        (["secret", "lst"], "did you mean list?"),
        (["no-such-command"], "see safety --help"),
    ],
)
def test_a_mistyped_command_is_told_with_the_one_that_was_meant(
    arguments: list[str], fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.endswith(f"Fix: {fix}\n")


WRONG_FILES = [
    "classify --bundle wrong", "policy explain wrong", "policy replay wrong --policies POLICIES",
    "policy sign wrong --keys .",
    "policy diff wrong wrong", "policy golden wrong", "policy check --policies wrong", "policy check --policies .",
    "policy shadow report wrong", "policy shadow report nowhere", "secret import wrong --home edge",
    "secret set A --home edge", "approvals list --hub http://127.0.0.1:9 --token-file wrong", "backup check .",
    "approvals list --hub http://127.0.0.1:9 --token-file nowhere", "edge --config wrong",
    "connection list --config wrong",
    "usage reconcile wrong", "scan --allow wrong .", "hook status claude-code wrong",
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG_FILES)
def test_a_wrong_file_is_told_with_its_name_or_the_option_and_a_fix(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of nothing, as somebody gives who takes one file for another."""
    monkeypatch.chdir(tmp_path)
    Path("wrong").write_bytes(b"\x82\xff no file of ours \x00")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"")))
    assert run(words.replace("POLICIES", str(shipped_folder())).split()) in {1, 2}
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert ". Fix: " in told


READING = [
    "audit verify", "audit tail", "audit export", "backup make", "backup list", "backup restore .", "backup check .",
    "policy propose",
]  # fmt: skip


@pytest.mark.parametrize("words", READING)
def test_who_looks_makes_no_edge_by_a_wrong_name(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*words.split(), "--home", "mistyped"]) in {1, 2}
    assert ". Fix: " in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "empty").mkdir()
    assert run([*words.split(), "--home", "empty"]) in {0, 1, 2}
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_what_has_no_parameter_or_command_is_told_too() -> None:
    assert str(usage_error(click.BadParameter("Is wrong."))) == "safety: is wrong. Fix: see safety --help"
    assert str(usage_error(click.FileError("a.txt", "gone"))).startswith("a.txt: cannot be opened (gone)")


def test_a_bug_is_told_in_one_line_that_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise KeyError("plainly-invented-value")

    monkeypatch.setattr(Commands, "get_command", lambda *_: broken)
    assert run(["broken"]) == 3
    told = capsys.readouterr().err
    assert "internal error, KeyError at test_cli.py:" in told
    assert "plainly" not in told


def test_the_list_of_commands_tells_of_each_in_a_whole_sentence() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).output.partition("Commands:")[2]
    assert "mcp " in listed
    assert "..." not in listed


def test_a_command_whose_packages_are_not_installed_is_listed_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "usage", "no_such_package.of_the_hub:usage")
    assert run(["--help"]) == 0
    assert "usage       (not installed: needs no_such_package)" in capsys.readouterr().out
    for words in (["usage"], ["usage", "report", "--json"], ["usage", "--help"]):
        assert run(words) == 1
        told = capsys.readouterr().err
        assert told.startswith("error: the package no_such_package: is not installed"), words
        assert "Fix: install what requirements/" in told


def test_a_module_of_ours_that_is_missing_is_a_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "usage", "safety_core.cli.nowhere:usage")
    assert run(["usage"]) == 3
    assert "internal error, ModuleNotFoundError" in capsys.readouterr().err
