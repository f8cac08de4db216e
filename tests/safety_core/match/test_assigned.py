"""A value after a name that promises a secret."""

from __future__ import annotations

import pytest

from safety_core.bundle.samples import invented
from safety_core.match.checks import CHECKS
from safety_core.match.layer import flatten

TOKEN = invented("{20 alnum}")


def passes(check: str, secret: str, before: str = "", after: str = "") -> bool:
    return CHECKS[check](secret, before + secret + after)


@pytest.mark.parametrize("value", [TOKEN, "q4c1a2oPd", "zxcvq!", "N7q-Zk2!vB", "9x4%"])
def test_passwords(value: str) -> None:
    assert passes("password", value)


@pytest.mark.parametrize(
    "value",
    ["password", "pass123", "pwd", "changeme", "${PASSWORD}", "$PASSWORD", "{{password}}", "<password>", "********",
     "xxxxxxxx", "your_password", "%s", "%PASSWORD%", "#{password}", "$(pass show shop)", "98-76-54-31", "&quot;",
     "####", "example", "null", "aaab", "secret1", "production", "PasswordField", "รหัสผ่านใหม่"],
)  # fmt: skip
def test_no_passwords(value: str) -> None:
    assert not passes("password", value.encode("ascii", "safety_core.fold").decode("latin-1"))


@pytest.mark.parametrize(
    ("before", "value"),
    [
        ("token=", TOKEN),
        ("secret: ", "gqxzvbnkwpl"),
        ("passwd=", "q4c1a2"),
        ("token: ", "1998909129754472"),
        ("SHOP_SECRET_KEY=", TOKEN),
        ("shopKey = ", TOKEN),
        ("tokens = ", TOKEN),
        ("pass_code=", "q4c1a2"),
        ("access_key_id=", TOKEN),
        ('key: "', TOKEN),
        ("PW:", "dipZr1!"),
        ("passwd=", "exord13Paw64"),
        ("mot de passe: ", "q4c1a2"),
        (flatten("пароль: ").decode("latin-1"), "q4c1a2"),
        ("token=", "gigvyis-ulvje-zkic-wli-dckadb-zzk"),
        ("secret=", "x9" * 3 + "a" * 8 + TOKEN),
    ],
)
def test_assigned_values(before: str, value: str) -> None:
    assert passes("assigned", value, before, '"' if before.endswith('"') else "")


@pytest.mark.parametrize(
    ("before", "value"),
    [("token=", "settings.token"), ("token=", "get_token(7)"), ("secret=", "/run/secrets/x9Zk2"), ("token=", "sha256"),
     ("token=", "HMAC-SHA256"), ("secret=", "12345678"), ("token=", "q4c1a2"), ("token=", "ChaCha-Poly1305"),
     ("minipass: ", "^7.0.4"), ("oauth-token: ", "~=2.1.0-beta.3"),
     ("passwd=", "q4c1"), ("token=", "abababab1"), ("token=", "2.5.13.18:"), ("token=", "0x7f00"),
     ('"tokens": ', "1234567890123"),
     ("secret=", "kubernetes-admin"), ("SecretId>", TOKEN), ("token_type: ", TOKEN), ("passwordHint=", TOKEN),
     ("bypass=", TOKEN), ("passenger=", TOKEN), ("primary_key=", TOKEN), ("next_token: ", TOKEN), ("tokenizer=", TOKEN),
     ("token=", "other_token_2"), ("token=", "KeyVaultKey"), ("Shop::Key: ", TOKEN), ("tokentype=", TOKEN),
     ("shop=", TOKEN), ("key=", "q4c1a2oPd"), ("target_key_id=", TOKEN),
     ("token=", "https://sso.example/t0k3n"), ("token=", "vault:path[0]zq7")],
)  # fmt: skip
def test_assigned_code_and_words(before: str, value: str) -> None:
    assert not passes("assigned", value, before)


def test_quotes_must_match_and_make_code_a_value() -> None:
    assert passes("assigned", "t9.yb81020bj", 'token = "', '"')
    assert not passes("assigned", "t9.yb81020bj", "token = ")
    assert not passes("assigned", TOKEN, 'token = "', "'")
    assert passes("assigned", TOKEN, '\\"token\\": \\"', '\\"')


def test_brackets_of_code_close_and_those_of_a_password_need_not() -> None:
    assert passes("assigned", "q{x)v!nk>w[l", "token = ")
    assert passes("assigned", "q(x)v!nk}w]l", 'token = "', '"')
    assert not passes("assigned", "q(x!z)vk[w!z]l", 'token = "', '"')
    assert passes("assigned", "q(x!z)vk[w!zl", 'token = "', '"')
    assert not passes("assigned", "q[x)vznk}w(l", 'token = "', '"')
    assert not passes("assigned", "(q{x)v!nk>w[l", "token = ")
    assert not passes("assigned", "shop->order(q!x[", "token = ")
    assert passes("assigned", f"{TOKEN})", "token=")


def test_compared_with_a_name() -> None:
    assert passes("compared", TOKEN, "", '" == user.password')
    assert not passes("compared", TOKEN, "", '" == user.name')
    assert not passes("compared", "password1", "", '" == password')


def test_beside_a_name_a_value_must_mix_three_kinds_of_characters() -> None:
    assert passes("beside", TOKEN, "use token ")
    assert not passes("beside", "q4c1a2opd", "use token ")
    assert not passes("beside", "SHA-256x", "password ")
    assert not passes("beside", TOKEN, "use orders ")


def test_headers() -> None:
    assert passes("header", TOKEN, "Authorization: Bearer ")
    assert not passes("header", "acknowledgement", "Authorization: ")
    assert not passes("header", TOKEN, '"Shop::Authorization": "')


@pytest.mark.parametrize(
    ("value", "host", "real"),
    [("pass", "db.example", True), ("guest", "queue.example", True), ("q4c1a", "10.0.0.1", True),
     ("password", "db.example", False), ("pass", "host:5432", False), ("pass", "localhost/x", False),
     ("${PASSWORD}", "db.example", False), ("8080", "db.example", False), ("80#x", "db.example", False)],
)  # fmt: skip
def test_in_a_url_whatever_is_no_variable_is_a_password(value: str, host: str, *, real: bool) -> None:
    assert passes("url_password", value, "postgres://shop:", f"@{host}") is real
