"""The short form of a pattern finds a key beside the name of its product, wherever people write the two."""

from __future__ import annotations

from typing import Any, cast

import pytest

from safety_core.bundle.keyed import written_out
from safety_core.bundle.samples import characters
from safety_core.match.layer import Layer, flatten
from safety_core.match.patterns import PatternSet
from safety_core.model.policy import Pattern

VALUE = characters(32, "hex", "keyed")
SHORT = {"id": "nimbus", "title": "Nimbus key", "near": "nimbus(?:_?cloud)?", "value": "[0-9a-f]{32}"}
NIMBUS = PatternSet([Pattern(**cast("dict[str, Any]", written_out(cast("Any", SHORT), "here")))])


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in NIMBUS.find(Layer(flatten(text)))]


@pytest.mark.parametrize(
    "text",
    [
        f"NIMBUS_API_KEY={VALUE}",
        f"nimbusCloudToken: '{VALUE}'",
        f'{{"nimbus": {{\n  "apiKey": "{VALUE}"}}}}',
        f"nimbus:\n  secret: {VALUE.upper()}",
        f"nimbus secret {VALUE}",
        f"nimbus-private-key-{VALUE}",
        f"<nimbusToken>\n    {VALUE}\n</nimbusToken>",
        f'client = Nimbus("shop", "{VALUE}")',
        f'export NIMBUS="{VALUE}"',
        f"NIMBUS={VALUE}",
    ],
)
def test_a_key_near_the_name_is_found(text: str) -> None:
    assert [value.lower() for value in found(text)] == [VALUE]


@pytest.mark.parametrize(
    "text",
    [
        f"nimbus {VALUE}",
        f"nimbus_key = {VALUE}0",
        f"nimbus_key = {VALUE[1:]}",
        f"nimbus_key = x; y = {VALUE}",
        f"nimbus_key is written in a place that is far from here: {VALUE}",
        f"cirrus_key = {VALUE}",
        f"nimbus commit: {VALUE}",
    ],
)
def test_what_is_not_near_not_whole_or_public_is_left(text: str) -> None:
    assert found(text) == []


def test_the_author_may_name_another_check_and_group() -> None:
    entry = cast("Any", {**SHORT, "check": "", "must_match": ["x"]})
    assert cast("dict[str, Any]", written_out(entry, "here"))["check"] == ""
    assert cast("dict[str, Any]", written_out(entry, "here"))["must_match"] == ["x"]


def test_the_long_form_stays_as_it_is() -> None:
    entry = cast("Any", {"id": "one", "expression": "a+"})
    assert written_out(entry, "here") is entry
    assert written_out(7, "here") == 7
