"""A response names the model that has answered, each API in its place."""

from __future__ import annotations

from typing import Any

import pytest

from safety_core.meter.tally import Tally
from safety_core.model.usage import Usage

COUNTS = {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}


@pytest.mark.parametrize(
    ("documents", "name"),
    [
        ([{"model": "m-1", **COUNTS}], "m-1"),
        ([{"type": "message_start", "message": {"model": "m-2", "usage": {"input_tokens": 1}}}, COUNTS], "m-2"),
        ([{"type": "response.completed", "response": {"model": "m-3", **COUNTS}}], "m-3"),
        ([{"modelVersion": "m-4", **COUNTS}, {"modelVersion": "m-5"}], "m-4"),
        ([COUNTS, ["model"], None], ""),
        ([{"model": 7, "message": "m", **COUNTS}], ""),
        ([{"model": "m" * 201, **COUNTS}], ""),
    ],
)
def test_the_model_that_answered_is_named(documents: list[Any], name: str) -> None:
    tally = Tally()
    for document in documents:
        tally.add(document)
    usage = tally.usage()
    assert usage is not None
    assert usage.answered == name


def test_usage_is_the_same_whoever_answered() -> None:
    assert Usage(1, answered="m-1") == Usage(1)
    tally = Tally()
    tally.add({"model": "m-1"})
    assert tally.usage() is None
