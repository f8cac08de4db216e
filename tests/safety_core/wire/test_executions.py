"""What the edge tells of what it carried out: no output, and the way back without secrets."""

from __future__ import annotations

import pytest

from safety_core.canonical import digest
from safety_core.errors import InputError
from safety_core.model.execution import Ending, Execution, ExecutionId, ExecutionState
from safety_core.model.tool_call import AgentId, CallId, Undo
from safety_core.wire.executions import execution_id_from, execution_to_json, settled_from

BEGUN = Execution(ExecutionId("e1"), AgentId("helper"), "k", "write", CallId("c1"), digest({}), "r1", 7.0)


def done(undo: Undo | None) -> Execution:
    ending = Ending("what the agent saw", 3, undo=undo)
    return Execution(*(getattr(BEGUN, name) for name in BEGUN.__slots__[:8]), ExecutionState.DONE, ending)


def test_what_is_told() -> None:
    told = execution_to_json(BEGUN)
    assert told == {
        "id": "e1",
        "agent": "helper",
        "key": "k",
        "tool": "write",
        "call": "c1",
        "at": 7.0,
        "state": "begun",
        "exit": None,
        "undo": None,
    }
    assert execution_to_json(done(None)) == {**told, "state": "done", "exit": 3}
    way_back = Undo("write", {"path": "a", "content": "SECRET_REF(x)"})
    assert execution_to_json(done(way_back))["undo"] == {"tool": way_back.tool, "params": way_back.params}


def test_what_is_asked() -> None:
    assert execution_id_from(b'{"id": "e1"}') == "e1"
    assert settled_from(b'{"id": "e1", "done": true}') == ("e1", True)
    with pytest.raises(InputError, match="request"):
        settled_from(b'{"id": "e1", "done": true, "more": 1}')
