"""The kill switch is parsed whole or refused by the name of the field."""

import json
from typing import Any

import pytest

from safety_core.errors import InputError
from safety_core.wire.halts import Halt, halt_from


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_the_kill_switch_takes_an_agent_or_all() -> None:
    halt = halt_from(raw({"agent": "*", "halt": True, "reason": "it\trm'd"}))
    assert halt == Halt("*", True, "it rm'd")  # type: ignore[arg-type]
    assert halt_from(raw({"agent": "main", "halt": False})).reason == ""
    with pytest.raises(InputError, match=r"request\.halt"):
        halt_from(raw({"agent": "main", "reason": ""}))
