"""The command line as a stranger meets it: every command explains itself, and errors name the fix."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from safety_core.cli.main import Commands, cli, run


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
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option)), (
        "explains every option"
    )


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
        "tenant",
        "status",
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
