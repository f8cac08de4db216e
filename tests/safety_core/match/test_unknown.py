"""Tokens without any context: found where nothing else explains them."""

from __future__ import annotations

import base64
import hashlib

import pytest

from safety_core.match.layer import Layer, flatten
from safety_core.match.unknown import unknown_spans
from tests.simulators.samples import invented

TOKEN = invented("{40 alnum}")


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in unknown_spans(Layer(flatten(text)))]


@pytest.mark.parametrize("text", [f"use {TOKEN} now", f'{{"value": "{TOKEN}"}}', f"x={TOKEN}\n", f"({TOKEN})"])
def test_a_random_token_is_found(text: str) -> None:
    assert found(text) == [TOKEN]


@pytest.mark.parametrize(
    "text",
    [
        hashlib.sha256(b"x").hexdigest(),
        "7f2c1b3a-9d4e-4f60-8a1b-2c3d4e5f6a7b",
        f"sha256-{TOKEN}",
        f'"id": "{TOKEN}"',
        f'"tool_call_id":"{TOKEN}"',
        f'\\"signature\\": \\"{TOKEN}',
        f"https://shop.example/{TOKEN}",
        f"{TOKEN}.png",
        "getUserById42WithConfigurationLoader7Factory",
        "src/Shop7/Orders42/Api3/handlers/ListAll",
        base64.b64encode(b"The quick brown fox 42 jumps").decode(),
        invented("{23 alnum}"),
        invented("{300 alnum}"),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "Aa1" * 12,
        invented("{64 base64}") + "\n" + invented("{}{64 base64}"),
    ],
)
def test_what_has_another_explanation_is_left_alone(text: str) -> None:
    assert found(text) == []
