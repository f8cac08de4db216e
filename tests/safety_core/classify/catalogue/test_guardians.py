"""The programs that run the agent's own gateway and its guard: an agent may look, and change nothing."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

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
"""


@pytest.mark.parametrize(("level", "command"), by_level(LOOKS, "", OUTWARD, CHANGES_HOW_IT_WORKS, LOOSENS))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits
