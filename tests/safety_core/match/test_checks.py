"""Structure checks tell the real from the look-alike."""

from __future__ import annotations

import base64

import pytest

from safety_core.match.checks import CHECKS
from tests.simulators.samples import invented, token_of

TOKEN = invented("{20 alnum}")


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
