"""Which operation is which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from safety_core.edge.adapters.docker import change, look
from safety_core.edge.adapters.docker.engine import Engine
from safety_core.edge.adapters.docker.inside import executed
from safety_core.edge.adapters.docker.run import ran
from safety_core.edge.adapters.request import CHECK, Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult

OPERATIONS: Final[dict[str, Callable[[Engine], ToolResult]]] = {
    CHECK: look.checked,
    "ps": look.listed,
    "images": look.images,
    "inspect": look.inspected,
    "logs": look.logs,
    "start": change.started,
    "stop": change.stopped,
    "restart": change.restarted,
    "remove": change.removed,
    "prune": change.pruned,
    "pull": change.pulled,
    "exec": executed,
    "run": ran,
}


async def serve(request: Request) -> ToolResult:
    """Carry out one operation. The engine is waited for without a loop: every wait has its limit.

    Raises:
        ExecutionError: it did not come about.
        UncertainError: nobody knows whether it did.
    """
    engine = Engine(request)
    engine.greet()
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        raise ExecutionError(f"operation {request.operation}", "is not one that container engines have")
    return operation(engine)
