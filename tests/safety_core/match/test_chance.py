"""The model that tells tokens drawn by chance from what merely looks alike."""

from __future__ import annotations

import pytest

from safety_core.bundle.samples import ALPHABETS, invented
from safety_core.match.chance import WEIGHTS, chance, features


@pytest.mark.parametrize("alphabet", ["alnum", "base64", "base64url"])
def test_nearly_all_keys_look_drawn_by_chance(alphabet: str) -> None:
    assert len(ALPHABETS[alphabet]) > 60
    keys = [invented(f"{'{}' * turn}{{32 {alphabet}}}") for turn in range(100)]
    assert sum(chance(key) > 0 for key in keys) >= 97


@pytest.mark.parametrize(
    "token",
    ["getUserById42WithConfigurationLoader7Factory", "src/Shop7/Orders42/Api3/handlers/ListAll",
     "sha256WithRSAEncryption2", "utf8_to_utf16_dup_all_of_it", "order-item-user-page-2024-10"],
)  # fmt: skip
def test_names_do_not(token: str) -> None:
    assert chance(token) < 0


def test_every_number_lies_between_0_and_1_or_little_above() -> None:
    for token in ("aB", "a" * 200, invented("{64 base64}"), "UPPER_CASE_NAME_22"):
        values = features(token)
        assert len(values) == len(WEIGHTS)
        assert all(0 <= value <= 1.05 for value in values)
