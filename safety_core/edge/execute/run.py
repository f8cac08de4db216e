"""A plan -> the adapter for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import assert_never

from safety_core.edge.adapters.child import run_service
from safety_core.edge.execute.argv import run_argv
from safety_core.edge.execute.file import run_file
from safety_core.edge.execute.http import run_http
from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.shell import run_shell
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ArgvPlan, FilePlan, HttpPlan, Plan, ServicePlan, ShellPlan


async def execute(
    plan: Plan,
    values: Mapping[SecretName, SecretValue],
    limits: Limits | None = None,
    *,
    key: str = "",
    again: bool = False,
) -> ToolResult:
    """Run `plan` with these values; cancelling ends what runs.

    Args:
        key: the same for each try of one intended act, for services that tell a second try from a second act.
        again: an earlier try with this key may have come about.

    Raises:
        ExecutionError: it did not run to its end. A command that fails is a result with its exit status, not an error.
        UnknownSecretError: a value that the plan refers to is missing.
    """
    limits = limits or Limits()
    match plan:
        case ShellPlan():
            return await run_shell(plan, values, limits)
        case ArgvPlan():
            return await run_argv(plan, values, limits)
        case FilePlan():
            return await asyncio.to_thread(run_file, plan, values, limits)
        case HttpPlan():
            return await run_http(plan, values, limits, key)
        case ServicePlan():
            return await run_service(plan, values, limits, key, again=again)
        case _:
            assert_never(plan)
