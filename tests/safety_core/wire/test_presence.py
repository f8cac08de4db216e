"""What the plugin says of itself is parsed whole or refused by the name of the field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.errors import InputError, LimitError
from safety_core.wire.presence import (
    COPIES,
    FAULT_LIMIT,
    FAULTS,
    HOOKS,
    CheckIn,
    CheckOut,
    check_in_from,
    check_out_from,
)

ID = "0123456789abcdef" * 2
SHORT: dict[str, Any] = {"agent": "main", "plugin": "openclaw", "version": "1.2"}
WHOLE: dict[str, Any] = {
    **SHORT,
    "host": "2026.9.6",
    "process": ID,
    "nonce": ID,
    "hooks": {"full": ["gateway_start", "gateway_start"], "discovery": []},
    "fired": {"gateway_start": 3},
    "faults": ["it\nbroke"],
    "memory": 4096,
}


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def test_a_check_in_says_as_much_as_its_plugin_knows() -> None:
    assert check_in_from(raw(SHORT)) == CheckIn("main", "openclaw", "1.2")  # type: ignore[arg-type]
    who = check_in_from(raw(WHOLE))
    assert (who.host, who.process, who.nonce, who.memory) == ("2026.9.6", ID, ID, 4096)
    assert who.hooks == {"full": {"gateway_start"}, "discovery": frozenset()}
    assert who.fired == {"gateway_start": 3}
    assert who.faults == ("it broke",)


def test_faults_are_cut_to_what_a_screen_can_show() -> None:
    who = check_in_from(raw({**SHORT, "faults": ["x" * 1000] * 50}))
    assert who.faults == ("x" * FAULT_LIMIT,) * FAULTS


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"agent": ""}, InputError, r"request\.agent: must not be empty"),
        ({"process": "x"}, InputError, r"request\.process: must have 32"),
        ({"nonce": ID.upper()}, InputError, r"request\.nonce: must have 32"),
        ({"hooks": []}, InputError, r"request\.hooks: must be an object"),
        ({"hooks": {"full": "all"}}, InputError, r"request\.hooks\.full: must be a list"),
        ({"hooks": {"a\n": []}}, InputError, r"request\.hooks: has a name"),
        ({"hooks": {"full": ["x" * 201]}}, InputError, r"request\.hooks: has a name"),
        ({"hooks": {str(n): [] for n in range(COPIES + 1)}}, LimitError, r"request\.hooks: has more than"),
        ({"hooks": {"full": [str(n) for n in range(HOOKS)]}}, LimitError, r"request\.hooks: has more than"),
        ({"fired": {"a": -1}}, InputError, r"request\.fired\.a"),
        ({"fired": {str(n): 1 for n in range(HOOKS + 1)}}, LimitError, r"request\.fired: has more than"),
        ({"faults": [1]}, InputError, r"request\.faults"),
        ({"memory": 1.5}, InputError, r"request\.memory"),
        ({"extra": 1}, InputError, r"request: has a field that is not known"),
    ],
)
def test_a_check_in_that_is_none_is_refused_by_name(
    change: dict[str, Any], error: type[InputError], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_in_from(raw({**WHOLE, **change}))


def test_a_check_out_names_its_process() -> None:
    assert check_out_from(raw({"agent": "main", "process": ID})) == CheckOut("main", ID)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"request\.process: is missing"):
        check_out_from(raw({"agent": "main"}))


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(text: bytes) -> None:
    for parse in (check_in_from, check_out_from):
        try:
            parse(text)  # type: ignore[operator]
        except InputError as error:
            assert error.thing  # noqa: PT017 - parsing may succeed, too
