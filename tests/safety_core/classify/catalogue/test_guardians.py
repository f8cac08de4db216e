"""The programs that run the agent's own gateway and its guard: an agent may look, and change nothing."""

from __future__ import annotations

import click
import pytest

from safety_core.model.facts import Kind
from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging
from tests.test_cli import ALL

LOOKS = """
openclaw status
openclaw plugins list --json
openclaw --version
safety status
safety openclaw status
safety scan --json src
"""
OUTWARD = """
openclaw message send --to +15550100 --message hello
"""
CHANGES_HOW_IT_WORKS = """
openclaw agent --message hi
openclaw skills install ./clock
openclaw plugins install ./clock
openclaw frobnicate
safety secret set A
"""
LOOSENS = """
openclaw plugins disable safety-gateway
openclaw config set plugins.entries.safety-gateway.enabled false
openclaw agent exec --message hi
openclaw agent --local --message hi
openclaw approvals resolve plugin:1 allow-once
npx openclaw gateway stop
node /opt/openclaw/openclaw.mjs config unset plugins
safety agent resume main
safety approvals approve 1
safety openclaw uninstall --yes
safety policy publish
safety policy root --keys KEYS --replace targets
safety hook remove claude-code
python -m safety_core.cli hook remove claude-code
python3 .venv/bin/safety hook remove codex
node /usr/bin/openclaw plugins disable safety-gateway
python -c 'from safety_core.cli.main import run; run(["hook", "remove", "codex"])'
python -c 'from safety_core import cli, errors; cli.main.run(["hook", "remove", "codex"])'
python -c 'import runpy; runpy.run_path("/opt/gate/safety_core/cli")'
/lib64/ld-linux-x86-64.so.2 --argv0 cat /usr/bin/python3 -m safety_core.cli hook remove codex
safety backup restore --unsigned backups/1
safety policy release RELEASE
safety policy rollback shop 3
"""


@pytest.mark.parametrize(("level", "command"), by_level(LOOKS, "", OUTWARD, CHANGES_HOW_IT_WORKS, LOOSENS))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits


PROGRAMS = "safety", "/usr/local/bin/safety", ".venv/bin/safety", "env safety", "env -i HOME=/srv /opt/gate/bin/safety"
MODULES = (
    "python -m safety_core.cli",
    "python3 -m safety_core.cli",
    "python3.12 -EP -m safety_core.cli",
    "python3 -Imsafety_core.cli",
    "/opt/gate/.venv/bin/python -m safety_core.cli.__main__",
    "env python3 -m safety_core.cli",
    "/usr/bin/env -S python3 -m safety_core.cli",
    "pypy3 -m safety_core.cli",
    "python .venv/bin/safety",
    "python3 -E /usr/local/bin/safety",
    "python3 /opt/gate/lib/python3.12/site-packages/safety_core/cli/__main__.py",
    "cd /opt/gate/lib/python3.12/site-packages/safety_core && python3 cli",
    "python3 -m runpy safety_core.cli",
    "python3 -m pdb -m safety_core.cli",
    "coverage run -m safety_core.cli",
    "uv run -m safety_core.cli",
    "uv run python -m safety_core.cli",
)
Act = tuple[Kind, frozenset[str], tuple[str, ...]]


@pytest.fixture(scope="module")
def plain(judging: Judging) -> dict[str, list[Act]]:
    """Return every command, and what it does."""
    words = [" ".join(words) for words, command in ALL if not isinstance(command, click.Group)]
    return {one: acts(judging, f"safety {one} x") for one in words}


@pytest.mark.parametrize("started", [*PROGRAMS, *MODULES])
def test_an_act_is_the_same_however_the_program_is_started(
    judging: Judging, plain: dict[str, list[Act]], started: str
) -> None:
    assert {words: acts(judging, f"{started} {words} x") for words in plain} == plain


def acts(judging: Judging, command: str) -> list[Act]:
    """Return what is done, without what starts it: an interpreter, a list of variables, another folder."""
    return [
        (action.kind, action.traits, tuple(target.value for target in action.targets))
        for action in judging.shell(command).actions
        if action.kind is not Kind.RUN_CODE and (action.kind is not Kind.READ or action.targets)
    ]
