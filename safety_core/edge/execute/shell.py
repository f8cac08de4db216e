"""A command line, run by /bin/sh. Its secrets are environment variables of this child, expanded by the shell itself.

What a value reaches from there is the command's doing: `curl -H "X: ${V}"` has it in curl's arguments. Where a tool
reads secrets from its environment, `KEY=SECRET_REF(name) tool`, or the call's own `env`, keeps them off all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.process import run_process
from safety_core.edge.execute.quote import splice
from safety_core.edge.fill import fill, value_of
from safety_core.model.secret import SecretName, SecretValue, references
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ShellPlan


async def run_shell(plan: ShellPlan, values: Mapping[SecretName, SecretValue], limits: Limits) -> ToolResult:
    """Run the command line. Raises ExecutionError where a secret stands in a place that no expansion can fill."""
    variables = {name: f"SAFETY_SECRET_{number}" for number, name in enumerate(plan.refs)}
    argv = ("/bin/sh", "-c", splice(plan.command, variables))
    env = {name: fill(text, values) for name, text in plan.env}
    env |= {variables[name]: value_of(name, values) for name in references(plan.command)}
    return await run_process(argv, plan.cwd, env, fill(plan.stdin, values), plan.timeout, limits)
