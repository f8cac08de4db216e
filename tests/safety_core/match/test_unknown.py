"""Tokens that look drawn by chance, and what a name before them promises."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from safety_core._native.engine import ENGINE
from safety_core.bundle.samples import invented
from safety_core.match import unknown
from safety_core.match.layer import Layer, flatten
from safety_core.match.unknown import unknown_spans

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
        f'"toolUseId" : "{TOKEN}"',
        f'\\"signature\\": \\"{TOKEN}',
        f'"encrypted_content": "{TOKEN}"',
        f'"thoughtSignature": "{TOKEN}"',
        f'"encrypted_stdout":"{TOKEN}"',
        f'"b64_json":"{TOKEN}"',
        f'"prompt_cache_key":"{TOKEN}"',
        f'"nextToken": "{TOKEN}"',
        f"deploy --shop-id {TOKEN}",
        f"its ID (for example, `{TOKEN}`)",
        f"https://shop.example/{TOKEN}",
        f"{TOKEN}.png",
        f"{TOKEN}(7)",
        invented("|1|{27 alnum}=|{}{27 alnum}= ssh-ed25519 "),
        "getUserById42WithConfigurationLoader7Factory",
        "src/Shop7/Orders42/Api3/handlers/ListAll",
        base64.b64encode(b"The quick brown fox 42 jumps").decode(),
        invented("{23 alnum}"),
        invented("{300 alnum}"),
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "Aa1" * 12,
        invented("{64 base64}") + "\n" + invented("{}{64 base64}"),
        invented("{50 base64}") + '"\n    "' + invented("{}{50 base64}"),
        invented("{50 base64}") + "\\" + invented("{}{50 base64}"),
    ],
)
def test_what_has_another_explanation_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_dot_makes_a_file_name_only_with_a_suffix() -> None:
    assert found(f"{TOKEN}.Xq3nLw.x") == [TOKEN]
    assert found(f"that is {TOKEN}. And") == [TOKEN]


HEX = invented("{32 hex}")
UUID = invented("{8 hex}-{4 hex}-{}{4 hex}-{}{}{4 hex}-{12 hex}")
MIXED = invented("{20 lower}")


@pytest.mark.parametrize("value", [HEX, UUID, MIXED])
@pytest.mark.parametrize(
    "text",
    ["shop_key = {}", "shop SECRET {}", 'Token: String("{}")', '"tokens": ["{}"]', "-H 'Authorization: Token {}'",
     '"tokens": ["first", "{}"]', "createSecretKey(Buffer.from('{}'", "salt={}"],
)  # fmt: skip
def test_after_a_name_any_mix_of_letters_and_digits_is_found(text: str, value: str) -> None:
    assert found(text.replace("{}", value)) == [value]


def test_the_id_of_a_key_is_half_of_a_secret_and_a_uuid_is_none() -> None:
    assert found(f"access-key-id := {HEX}") == [HEX]
    assert found(f'"key_id": "{UUID}"') == []


def test_the_name_may_be_the_beginning_of_the_same_run() -> None:
    assert found(f"shop-apikey-{HEX}") == [HEX]
    assert found(f"shop-orders-{HEX}") == []


@pytest.mark.parametrize(
    "text",
    [f"commit {HEX}", f"the key of commit {HEX}", f"cache_key = {HEX}", f'{{"key": "{HEX}"}}', f"    key: {HEX}",
     f"shop_key_sha256: {HEX}", f'"Shop::AccessKey": "{HEX}"', "key = ccm_aes128_set_key", "token: aaaaaaaa1111111b",
     "token: 2024-10-31T24601", "secret base64EncodedStringOfMany22"],
)  # fmt: skip
def test_other_names_and_words_promise_nothing(text: str) -> None:
    assert found(text) == []


def test_every_name_that_promises_a_secret_is_one_that_runs_are_looked_at_for() -> None:
    """The engine passes over bare digits unless one of its words stands near: each of ours must be among them."""
    names = unknown._KEYED.pattern.decode().partition("(?:")[2].partition(")[")[0]
    words = [re.sub(r"\(\?!.*|\[(.).*?\]", r"\1", name) for name in names.split("|")]
    assert len(words) > 15
    for word in words:
        assert unknown._KEYED.search(f"{word}: ".encode()), word
        assert ENGINE.hinted(word.encode()), word
