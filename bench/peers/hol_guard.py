"""hol-guard: what its hooks ask before a tool runs, with the settings that it comes with.

A command goes to its native review, any other tool to its review of MCP calls; both are answered by its daemon on this
machine, which is started for the occasion in a home of its own.
"""

import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["HOME"] = tempfile.mkdtemp(prefix="hg")  # before its modules look for it

from codex_plugin_scanner.guard.config import load_guard_config
from codex_plugin_scanner.guard.daemon.manager import ensure_guard_daemon
from codex_plugin_scanner.guard.daemon_stop import stop_guard_daemon
from codex_plugin_scanner.guard.mcp_tool_calls import build_tool_call_identity, evaluate_tool_call
from codex_plugin_scanner.guard.native_pretool import review_pre_tool_native
from codex_plugin_scanner.guard.store import GuardStore

ANSWERS = {"allow": "allow", "warn": "allow", "block": "deny"}
"""Everything else waits for a person."""


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.user = Path.home()
        self.home = self.user / ".hol-guard"
        self.workspace = self.user / "work"
        self.workspace.mkdir()
        ensure_guard_daemon(self.home, home_dir=self.user, background_maintenance=False)
        self.store = GuardStore(self.home)
        self.config = load_guard_config(self.home)

    def facts(self) -> dict[str, Any]:
        asked = "review_pre_tool_native(command), evaluate_tool_call for other tools, its daemon on this machine"
        return {"version": version("hol-guard"), "asked": asked}

    def reset(self) -> None:
        """What it remembers of a call is not known; nothing is done about it."""

    def judge(self, calls: list[dict[str, Any]]) -> list[str]:
        return [self._answer(call["tool"], call["params"]) for call in calls]

    def close(self) -> None:
        """End its daemon."""
        stop_guard_daemon(self.home)
        shutil.rmtree(self.user, ignore_errors=True)

    def _answer(self, tool: str, params: dict[str, Any]) -> str:
        action = self._command(params["command"]) if tool == "exec" else self._tool(tool, params)
        return ANSWERS.get(action, "ask")

    def _command(self, command: str) -> str:
        """Return what its hook would do; without an answer it does not let a command run."""
        answer = review_pre_tool_native(
            command,
            guard_home=self.home,
            cwd=self.workspace,
            home_dir=self.user,
            timeout_seconds=1.0,
            full_lattice=True,
        )
        return str(answer["minimum_action"]) if answer else "review"

    def _tool(self, tool: str, params: dict[str, Any]) -> str:
        identity = build_tool_call_identity(
            arguments=params,
            workspace=self.workspace,
            config=self.config,
            guard_home=self.home,
            harness="codex",
            server_name="bench",
            tool_name=tool,
            source_scope="project",
            config_path=str(self.user / "mcp.json"),
            transport="stdio",
        )
        decision = evaluate_tool_call(
            store=self.store,
            config=self.config,
            artifact=identity.artifact,
            artifact_hash=identity.artifact_hash,
            arguments=params,
        )
        return str(decision.policy_action or decision.action)
