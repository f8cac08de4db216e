"""What a person is told about a call."""

from __future__ import annotations

import pytest

from safety_core.model.facts import Facts
from safety_core.model.level import Level
from safety_core.model.verdict import Hit, Verdict

LOOKS = Hit("reads", Level.GREEN, "only looks")
MORE = Hit("unruled", Level.YELLOW, "does more than look")
SENDS = Hit("reaches_outside", Level.YELLOW_EXTERNAL, "reaches somebody outside")


@pytest.mark.parametrize(
    ("hits", "told"),
    [
        ((LOOKS,), "only looks"),
        ((LOOKS, MORE), "does more than look"),
        ((LOOKS, SENDS, MORE, SENDS), "reaches somebody outside; does more than look"),
    ],
)
def test_a_grave_reason_is_not_contradicted(hits: tuple[Hit, ...], told: str) -> None:
    verdict = Verdict(max(hit.level for hit in hits), "", hits, Facts("", ""), outward=False, revision="")
    assert verdict.why == told
    assert "; ".join(verdict.reasons) == told
    assert verdict.hits == hits
