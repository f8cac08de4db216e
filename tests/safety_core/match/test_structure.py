"""What makers of keys build in, and what chance looks like, tell the real from the look-alike."""

from __future__ import annotations

import base64
import json

import pytest

from safety_core.bundle.samples import base32, base58, characters, invented, token_of
from safety_core.match.checks import CHECKS

TOKEN = invented("{20 alnum}")
HEX = characters(32, "hex", "structure")


def passes(check: str, secret: str, before: str = "") -> bool:
    return CHECKS[check](secret, before + secret)


def test_github_checksum() -> None:
    good = invented("ghp_{github}")
    assert passes("github_crc", good)
    assert not passes("github_crc", good[:-1] + ("a" if good[-1] != "a" else "b"))


@pytest.mark.parametrize(
    ("token", "real"),
    [
        (invented("{jwt}"), True),
        (token_of({"enc": "A256GCM"}, {}, "x"), True),
        (token_of({"shop": 1}, {}, "x"), False),
        (token_of(["alg"], {}, "x"), False),
        (base64.urlsafe_b64encode(b'{"alg": "HS256", typ: JWT}').decode().rstrip("=") + ".x.y", True),
        ("eyJhb.x.y", False),
        ("ÿÿÿ.x.y", False),
    ],
)
def test_jwt(token: str, *, real: bool) -> None:
    assert passes("jwt", token) is real


def test_luhn() -> None:
    assert passes("luhn", "4539 1488 0343 6467")
    assert not passes("luhn", "4539 1488 0343 6468")
    assert not passes("luhn", "0000000000000000")


def test_pem_needs_key_material() -> None:
    body = invented("{64 base64}")
    assert passes("pem", f"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----")
    assert not passes("pem", "-----BEGIN PRIVATE KEY-----\nyour key goes here\n-----END PRIVATE KEY-----")
    assert not passes("pem", "-----BEGIN PRIVATE KEY----- stands before a key, and -----END PRIVATE KEY----- behind it")
    assert not passes("pem", f"-----BEGIN PRIVATE KEY-----\n{'A' * 80}\n-----END PRIVATE KEY-----")


def test_what_documentation_fills_in() -> None:
    assert passes("", TOKEN)
    assert not passes("", "key-xxxxxxxxxxxx")


def test_repeated_and_wordy_values_are_no_keys() -> None:
    assert passes("not_repeated", invented("{20 alnum}"))
    assert not passes("not_repeated", "abc" + "x" * 12)
    assert passes("random_looking", invented("{20 alnum}"))
    assert not passes("random_looking", "configuration-loader-entry")
    assert not passes("random_looking", "aabbaabbaabb")


@pytest.mark.parametrize(
    ("before", "secret", "real"),
    [
        ("shop_key = ", HEX, True),
        ("shop_key = ", "qzxvkwjpbnmtrlgh", True),
        ("shop_key = ", "configurations", False),
        ("shop_key = ", "internationalization", False),
        ("shop_key = ", "928374650192837", False),
        ("shop_key = ", "a0" * 16, False),
        ("shop_key = ", "xxxxxxxx" + HEX, False),
        ("shop commit: ", HEX, False),
        ("shop sha256: ", HEX, False),
        ("shop uuid ", "3f786850-e387-550f-dab8-36ed7e6dc881", False),
    ],
)
def test_what_stands_near_the_name_of_a_product(before: str, secret: str, *, real: bool) -> None:
    assert passes("keyed", secret, before) is real


@pytest.mark.parametrize(
    ("secret", "real"),
    [("q4zx7vkw2jpb", True), ("qzxvkwjpbnmt", False), ("928374650192", False), ("configuration1", False)],
)
def test_letters_and_digits_are_mixed(secret: str, *, real: bool) -> None:
    assert passes("mixed", secret) is real


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    ("secret", "real"),
    [
        (encoded({"api": "shop"}), True),
        ("ops_" + encoded({"a": "???>>>~~~"}).translate(str.maketrans("+/", "-_")), True),
        (encoded({"api": "shop"})[:-4], False),
        (encoded(["api"]), False),
        ("eyJhZ", False),
        ("\xff", False),
    ],
)
def test_base64_of_an_object(secret: str, *, real: bool) -> None:
    assert passes("base64_json", secret) is real


def test_keys_of_wallets_end_in_their_checksum() -> None:
    good = base58(b"\x80" + bytes(range(32)))
    assert passes("base58_check", good)
    assert not passes("base58_check", good[:-1] + ("a" if good[-1] != "a" else "b"))
    assert not passes("base58_check", good[:-1] + "0")


def test_seeds_end_in_their_checksum() -> None:
    good = base32(bytes([149, 0]) + bytes(range(32)))
    assert passes("base32_crc16", good)
    assert passes("base32_crc16", invented("{stellar}"))
    assert not passes("base32_crc16", good[:-1] + ("A" if good[-1] != "A" else "B"))
    assert not passes("base32_crc16", "1" + good[1:])
