"""A program with its arguments, no shell in between. A secret in an argument is in the argument, for `ps` too."""

from __future__ import annotations

from collections.abc import Mapping

from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.process import run_process
from safety_core.edge.fill import fill
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ArgvPlan


async def run_argv(plan: ArgvPlan, values: Mapping[SecretName, SecretValue], limits: Limits) -> ToolResult:
    """Run the program."""
    argv = [fill(word, values) for word in plan.argv]
    env = {name: fill(text, values) for name, text in plan.env}
    return await run_process(argv, plan.cwd, env, fill(plan.stdin, values), plan.timeout, limits)
