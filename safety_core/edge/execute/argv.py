"""A program with its arguments, no shell in between.

A secret in an argument is in the list of processes, for every user of the machine: so it is refused there, unless the
operator allows it for programs that take secrets in no other way.
"""

from __future__ import annotations

from collections.abc import Mapping

from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.process import run_process
from safety_core.edge.fill import fill
from safety_core.errors import ExecutionError
from safety_core.model.secret import SecretName, SecretValue, references
from safety_core.model.tool_call import ToolResult
from safety_core.resolve import ArgvPlan


async def run_argv(plan: ArgvPlan, values: Mapping[SecretName, SecretValue], limits: Limits) -> ToolResult:
    """Run the program. Raises ExecutionError where a secret is to be one of its arguments, and may not be."""
    argv = [fill(word, values) for word in plan.argv]
    shown = references(" ".join(plan.argv))
    if shown and not limits.secrets_in_arguments:
        reason = "would be seen by every user of this machine, in the list of processes"
        fix = (
            "put it into the call's `env` or `stdin`; for programs that take it in no other way, the operator can set "
        )
        raise ExecutionError(f"secret {shown[0]} in an argument", reason, fix + "execute.secrets_in_arguments")
    env = {name: fill(text, values) for name, text in plan.env}
    return await run_process(argv, plan.cwd, env, fill(plan.stdin, values), plan.timeout, limits)
