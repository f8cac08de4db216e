"""What the edge hands to the child, and what the child answers: one JSON document each way.

The request holds values of secrets. It goes through a pipe: not by arguments, environment or a file, where others of
the same user would see it, or a swap device keep it.

Every adapter serves the operation `CHECK` besides its own: it connects, authenticates, does nothing, and says in one
line what it reached ("PostgreSQL 15.14, as agent"). What is wrong is a refusal that names the fix ("the password is
wrong", "safety secret set NAME"). The command `safety connection check` asks for it; no call of an agent can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from safety_core.canonical import Json, JsonObject
from safety_core.edge.fill import fill
from safety_core.errors import ExecutionError, UncertainError
from safety_core.model.connection import Connection, Operation
from safety_core.model.secret import SecretName, SecretValue
from safety_core.model.tool_call import ToolResult, Undo

CHECK: Final = "check"
"""The operation that connects, authenticates, and does nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """One operation of one connected service.

    Attributes:
        arguments: with references; `filled` puts the values in.
        key: the same for each try of one intended act (idempotency key).
        again: an earlier try with this key may have come about.
        output: bytes of output that are kept.
        timeout: seconds; the child is killed some time later.
        workspace: absolute path, where files that an argument names must lie.
    """

    connection: Connection
    operation: str
    arguments: JsonObject
    values: Mapping[SecretName, SecretValue]
    key: str
    again: bool
    output: int
    timeout: float
    workspace: str = ""

    def secret(self, slot: str) -> str | None:
        """Return the value in one of the connection's slots, None where the operator named no secret for it."""
        name = self.connection.secrets.get(slot)
        return None if name is None else self.values[name].reveal()

    def filled(self, value: Json, written: Callable[[str], str] = str) -> Json:
        """Return `value` with each reference in its texts replaced by `written(secret)`."""
        if isinstance(value, str):
            return fill(value, self.values, written)
        if isinstance(value, list):
            return [self.filled(item, written) for item in value]
        if isinstance(value, dict):
            return {key: self.filled(item, written) for key, item in value.items()}
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return one argument, its references filled in. Raises ExecutionError where it is no text."""
        value = self.arguments.get(name, default)
        if not isinstance(value, str):
            raise ExecutionError(f"argument {name}", "must be text")
        return fill(value, self.values)

    def flag(self, name: str) -> bool:
        """Return a switch, off where the call does not name it. Raises ExecutionError where it is none."""
        value = self.arguments.get(name, False)
        if not isinstance(value, bool):
            raise ExecutionError(f"argument {name}", "must be true or false")
        return value

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`. Raises ExecutionError where it is none."""
        value = self.arguments.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise ExecutionError(f"argument {name}", f"must be a number from 1 to {most}")
        return value

    def option(self, name: str, default: str = "") -> str:
        """Return one option of the connection. Raises ExecutionError where it is no text."""
        value = self.connection.options.get(name, default)
        if not isinstance(value, str):
            raise self.refusal(f"has an option {name} that is not text")
        return value

    def refusal(self, reason: str, fix: str = "") -> ExecutionError:
        """Return the error that names the connection. `reason` must hold no secret: it is seen by the model."""
        return ExecutionError(f"connection {self.connection.name}", reason, fix)

    def uncertain(self, reason: str) -> UncertainError:
        """Return the error of an act that may have come about all the same."""
        fix = "look whether it happened before you do it again"
        return UncertainError(f"connection {self.connection.name}", reason, fix)


def request_bytes(request: Request) -> bytes:
    """Return the request as the child reads it. It holds values: nobody keeps it."""
    connection = request.connection
    return json.dumps(
        {
            "connection": {
                "name": connection.name,
                "adapter": connection.adapter,
                "target": connection.target,
                "user": connection.user,
                "secrets": dict(connection.secrets),
                "private": connection.private,
                "options": connection.options,
                "detail": _detail(connection, request.operation),
            },
            "operation": request.operation,
            "arguments": request.arguments,
            "values": {name: value.reveal() for name, value in request.values.items()},
            "key": request.key,
            "again": request.again,
            "output": request.output,
            "timeout": request.timeout,
            "workspace": request.workspace,
        }
    ).encode()


def request_from(raw: bytes) -> Request:
    """Return the request that `raw` is: written by `request_bytes`, so believed."""
    body: dict[str, Any] = json.loads(raw)
    detail = body["connection"].pop("detail")
    operations = {}
    if detail is not None:
        operations[body["operation"]] = Operation(body["operation"], **detail)
    values = {SecretName(name): SecretValue(value) for name, value in body.pop("values").items()}
    return Request(Connection(**body.pop("connection"), operations=operations), values=values, **body)


def answer_bytes(answer: ToolResult | ExecutionError) -> bytes:
    """Return what the child answers."""
    if isinstance(answer, ExecutionError):
        uncertain = isinstance(answer, UncertainError)
        error: JsonObject = {"thing": answer.thing, "reason": answer.reason, "fix": answer.fix, "uncertain": uncertain}
        return json.dumps({"error": error}).encode()
    undo: Json = None if answer.undo is None else {"tool": answer.undo.tool, "params": answer.undo.params}
    done: JsonObject = {"output": answer.output, "status": answer.status, "truncated": answer.truncated, "undo": undo}
    return json.dumps({"done": done}).encode()


def answer_from(raw: bytes) -> ToolResult:
    """Return what the child answered.

    Raises:
        ExecutionError: the child's own, or the answer is not whole.
        ValueError, KeyError, TypeError: it is no answer; the child ended in the middle.
    """
    body: dict[str, Any] = json.loads(raw)
    if "error" in body:
        error = body["error"]
        kind = UncertainError if error["uncertain"] else ExecutionError
        raise kind(error["thing"], error["reason"], error["fix"])
    done = body["done"]
    undo = done.pop("undo")
    return ToolResult(**done, undo=Undo(**undo) if undo else None)


def _detail(connection: Connection, operation: str) -> JsonObject | None:
    found = connection.operations.get(operation)
    if found is None:
        return None
    return {"parameters": found.parameters, "fingerprint": found.fingerprint, "detail": found.detail}
