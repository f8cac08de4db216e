"""The checks that patterns name."""

from __future__ import annotations

import pytest

from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.checks import CHECKS
from safety_core.match.structure import STRUCTURE


def test_no_name_stands_for_two_checks() -> None:
    assert len(CHECKS) == len(IN_CONTEXT) + len(STRUCTURE)


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_explains_itself_to_people(name: str) -> None:
    assert (CHECKS[name].__doc__ or "").partition("\n")[0]
