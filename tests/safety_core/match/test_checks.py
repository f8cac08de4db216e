"""Structure checks tell the real from the look-alike."""

from __future__ import annotations

import pytest

from safety_core.match.checks import CHECKS
from safety_core.match.wordlike import entropy, usual_share, word_letters
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
        ("eyJhbGciOiJIUzI1NiJ.x.y", False),
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


@pytest.mark.parametrize("value", [invented("{12 alnum}"), "q4c1a2oPd", "zxcvq!", "N7q-Zk2!vB", "98-76-54-31", "9x4%"])
def test_passwords(value: str) -> None:
    assert passes("password", value)


@pytest.mark.parametrize(
    "value",
    ["password", "pass123", "pwd", "changeme", "${PASSWORD}", "$PASSWORD", "{{password}}", "<password>", "********",
     "xxxxxxxx", "your_password", "%s",
     "example", "null", "aaab", "secret1", "production", "PasswordField", "รหัสผ่านใหม่"],
)  # fmt: skip
def test_no_passwords(value: str) -> None:
    assert not passes("password", value.encode("ascii", "safety_core.fold").decode("latin-1"))


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("token=", invented("{20 alnum}")),
        ("secret: ", "gqxzvbnkwpl"),
        ("passwd=", "q4c1a2"),
        ("token: ", "1998909129754472"),
    ],
)
def test_assigned_values(before: str, value: str) -> None:
    assert passes("assigned", value, before)


@pytest.mark.parametrize(
    ("before", "value"),
    [("token=", "settings.token"), ("token=", "get_token(7)"), ("secret=", "/run/secrets/x9Zk2"), ("token=", "sha256"),
     ("token=", "HMAC-SHA256"), ("secret=", "12345678"), ("token=", "q4c1a2"),
     ("passwd=", "q4c1a"),      ("token=", "abababab1"),
     ("secret=", "kubernetes-admin"), ("SecretId>", TOKEN), ("token_type: ", TOKEN),
     ("token=", "https://sso.example/t0k3n"), ("token=", "vault:path[0]zq7")],
)  # fmt: skip
def test_assigned_code_and_words(before: str, value: str) -> None:
    assert not passes("assigned", value, before)


def test_word_likeness() -> None:
    assert usual_share("production") > 0.9
    assert usual_share("xqzjvkwpf") < 0.4
    assert usual_share("12") == 0.0
    assert word_letters("getUserById42xqzv") == len("User")
    assert entropy("") == 0.0
    assert entropy("abcd") == 2.0
