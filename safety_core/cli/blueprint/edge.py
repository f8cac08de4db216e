"""What a run asks of the edge, over its socket: the same routes as anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safety_core.blueprint.moves import Answer, Call
from safety_core.blueprint.parse import parse_blueprint
from safety_core.blueprint.run import Run
from safety_core.canonical import JsonObject
from safety_core.cli.edge_socket import ask_edge
from safety_core.cli.executions import told_execution
from safety_core.errors import InputError
from safety_core.model.blueprint import Blueprint
from safety_core.wire.reader import BODY_LIMIT, Reader

STEP_SECONDS: Final = 15 * 60.0
"""How long one call may take before the edge counts as gone; the edge ends each operation long before."""

WAIT_SECONDS: Final = 20.0
"""How long one request waits for a person; then it is made again."""


class Edge:
    """The edge behind one socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def blueprints(self) -> tuple[Mapping[str, Blueprint], JsonObject | None]:
        """Return the blueprints of the policy in force, and whether one answer may cover a plan.

        Raises:
            UnavailableError: the edge does not run, or has no policy in force.
        """
        body = Reader(ask_edge(self._path, "GET", "/v1/blueprints"), "blueprints")
        found = [parse_blueprint(entry.text("id"), entry) for entry in body.objects("blueprints")]
        return {blueprint.id: blueprint for blueprint in found}, body.mapping("plans") if body.has("plans") else None

    def plan(self, plan: JsonObject, wait: float = 0.0) -> JsonObject:
        """Return what becomes of a plan."""
        body: JsonObject = {**plan, "wait": min(wait, WAIT_SECONDS)}
        return ask_edge(self._path, "POST", "/v1/plan", body, seconds=STEP_SECONDS)

    def run(self, run: Run, call: Call, wait: float = 0.0) -> Answer:
        """Make one call under its key, and return what came of it."""
        tool, params = (call.tool, call.params) if not call.undoes else self._undo(call.undoes)
        identity = f"{run.id[:12]}.{call.act.name}.{call.act.tries}"
        made: JsonObject = {"id": identity, "agent": run.agent, "session": run.session, "tool": tool, "params": params}
        body: JsonObject = {"call": made, "key": call.key(run), "wait": min(wait, WAIT_SECONDS)}
        return _answer(Reader(ask_edge(self._path, "POST", "/v1/run", body, seconds=STEP_SECONDS), "answer"))

    def over(self, run: Run) -> None:
        """Say that the run makes no more calls: what is left of its plan's approval is forgotten."""
        ask_edge(self._path, "POST", "/v1/plan/end", {"agent": run.agent, "session": run.session})

    def _undo(self, execution: str) -> tuple[str, JsonObject]:
        """Return the call that takes an execution back. Raises InputError where the edge does not know it any more."""
        found = told_execution(self._path, execution)
        if found is not None and found.has("undo"):
            undo = found.object("undo")
            return undo.text("tool"), undo.mapping("params")
        raise InputError(f"execution {execution}", "has nothing that takes it back any more", "take it back by hand")


def _answer(body: Reader) -> Answer:
    return Answer(
        status=body.text("status"),
        output=body.text("output", "", limit=BODY_LIMIT),
        exit=body.integer("exit", 0, minimum=-(2**31)),
        truncated=body.flag("truncated", False),
        rule=body.text("rule", "", limit=BODY_LIMIT),
        reason=body.text("reason", "", limit=BODY_LIMIT),
        approval=body.mapping("approval") if body.has("approval") else None,
        execution=body.text("execution", ""),
        undoable=body.flag("undoable", False),
        instead=body.mapping("instead") if body.has("instead") else None,
    )
