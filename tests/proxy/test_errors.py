"""Each listener has one status for each kind of error."""

from __future__ import annotations

import pytest

from proxy.errors import ForwardRefusedError, TokenError, forward_status_of, status_of
from safety_core.errors import (
    AuditError,
    BusyError,
    EffectFailed,
    InputError,
    LimitError,
    SafetyError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("kind", "control", "forward"),
    [
        (InputError, 400, 400),
        (LimitError, 413, 413),
        (TokenError, 401, 401),
        (BusyError, 503, 503),
        (ForwardRefusedError, 403, 403),
        (UnavailableError, 500, 502),
        (AuditError, 500, 403),
        (EffectFailed, 500, 403),
    ],
)
def test_a_status_tells_what_kind_of_error_it_was(kind: type[SafetyError], control: int, forward: int) -> None:
    error = kind("a thing", "is wrong")
    assert (status_of(error), forward_status_of(error)) == (control, forward)
