"""A value after a name that promises a secret."""

from __future__ import annotations

import pytest

from safety_core.match.checks import CHECKS
from tests.simulators.samples import invented

TOKEN = invented("{20 alnum}")


def passes(check: str, secret: str, before: str = "") -> bool:
    return CHECKS[check](secret, before + secret)


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
