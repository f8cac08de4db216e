"""Values that are too common are refused with a reason; random ones are welcome."""

from __future__ import annotations

import random
import string

import pytest

from safety_core.errors import CommonValueError
from safety_core.match.common_value import check_value, common_reason
from safety_core.match.pasted import more_than_value
from safety_core.model.secret import SecretValue
from tests.safety_core.match.conftest import ALL

COMMON = {
    "shorter": """
        ab1 |   ab1x  | false
    """,
    "repeats": """
        aaaabbbb | xyxyxyxy | abcabcabcab | 00000000-0000-0000-0000-000000000000 |
        ffffffff-ffff-ffff-ffff-ffffffffffff
    """,
    "row of the keyboard": """
        qwerty | QWERTZ | 12345678 | abcdefgh | qwerty-123456 | 987654321 | asdf-jkl
    """,
    "date": """
        2026-11-26 | 26.11.2026 | 2026-11-26T10:00:00Z | 12:30:00 | 20261126 | 2026-11-26 10:00:00.123+01:00
    """,
    "fewer than 8 digits": """
        1234907 | 12.50 EUR | +49,95 € | 1024 px
    """,
    "version": """
        1.2.3-beta.1 | v10.20.30 | >=1.24.0 | 3.11.7rc1
    """,
    "address of a machine": """
        192.168.1.10 | 10.0.0.0/8 | 127.0.0.1:8080 | 2001:db8::1 | 00:1a:2b:3c:4d:5e | [::1]:80
    """,
    "test value": """
        hunter2 | password123 | Passwort1! | ADMIN123 | Test1234 | ChangeMe! | dead-beef |
        correct horse battery staple | 123e4567-e89b-12d3-a456-426614174000 |
        d41d8cd98f00b204e9800998ecf8427e
    """,
    "model": """
        gpt-4o-mini | gpt-3.5-turbo-0125 | claude-opus-4-5 | anthropic/claude-3-5-sonnet-20241022 |
        o1-preview | anthropic.claude-3-5-sonnet-20241022-v2:0 | models/gemini-1.5-pro |
        meta-llama/Llama-3.1-8B-Instruct | mixtral-8x7b | text-embedding-3-small | whisper-1 | deepseek-chat
    """,
    "public header": """
        application/json | application/json; charset=utf-8 | text/event-stream | Bearer | no-cache |
        keep-alive | max-age=3600 | public, max-age=31536000, immutable | gzip, deflate, br | XMLHttpRequest |
        curl/8.5.0 | python-requests/2.32.3 | Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 |
        Authorization | X-Api-Key | Content-Type: application/json | anthropic-version: 2023-06-01 |
        en-US,en;q=0.9 | Connection: close
    """,
    "language, country or currency": """
        en_US.UTF-8 | EUR/USD
    """,
    "stand-in": """
        ${DB_PASSWORD} | $DB_PASSWORD | $password | <your-api-key> | your-api-key-here | process.env.TOKEN |
        SECRET_REF(shop) | {{ secret }} | [redacted value] | %APPDATA%
    """,
    "e-mail": """
        shop@example.com | first.last+tag@mail.example.de
    """,
    "website or machine": """
        api.example.com | localhost:8080 | hooks.slack.com | *.example.org | db.internal:5432
    """,
    "web address": """
        https://api.example.com/v1/orders | http://localhost:8080 | postgres://localhost:5432/shop |
        HTTPS://Example.com/Products?id
    """,
    "file or folder": r"""
        /etc/nginx/nginx.conf | ./config/settings.yaml | ~/.ssh/id_rsa | C:\Users\Admin\Desktop |
        /usr/local/bin | config.yaml | server.pem | docker-compose.yml
    """,
    "name of a setting": """
        OPENAI_API_KEY | AWS_SECRET_ACCESS_KEY | db_password | STRIPE_SK
    """,
    "ordinary words": """
        production | database password | enabled | Europe/Berlin | Rechnungsnummer | Benutzername | server01 |
        Internal Server Error | key not found in database | the quick brown fox jumps | Datenbankpasswort |
        supersecretpassword | authentication | ProductionServer2 | my-secret-token
    """,
}
"""Reasons, and values that are refused for them."""


@pytest.mark.parametrize(
    ("value", "reason"), [(value.strip(), reason) for reason, values in COMMON.items() for value in values.split("|")]
)
def test_common_values_are_refused_with_a_reason_that_does_not_show_them(value: str, reason: str) -> None:
    with pytest.raises(CommonValueError) as refusal:
        check_value(SecretValue(value), "secret shop_key")
    assert reason in refusal.value.reason
    assert refusal.value.thing == "secret shop_key"
    if len(value.strip()) > 4 and value.lower() not in {"bearer", "enabled", "$password"}:
        assert value.strip() not in str(refusal.value)


@pytest.mark.parametrize(
    "value",
    [
        *ALL.values(),
        *("hunt3r7", "84720163", "Summer2024!", "Zk3-example-9xQ!value", "marble otter lantern quiche"),
        *("o1xk29fjw8sk2j", "my-k3j8sd7f6hs8", "model-k3J8sd7f6Hs8", "gpt-K3J8sd7f6H2s8", "cookie: k3J8sd7f6Hs8"),
        "postgres://shop:pA7fh2kQ@db.example:5432/shop",
        "https://hooks.example.com/services/T0A1B2C3D/B0X9Y8Z7W/k3J8sd7f6Hs8d7fGh2Lq",
        *("/8fKq2LmZx/Yt7", "k3j8sd7.hs8d7f.zip", "$k3j8sd7fhs", "kxq.vwz.example.qqq", "xk7@vwz.example.qqq"),
        *("SHOP_K3J8SD7F", "K3J8_SHOP_X9Y7", "550e8400-e29b-41d4-a716-446655440001", "!!..//..!?$"),
    ],
)
def test_secrets_are_welcome(value: str) -> None:
    assert common_reason(SecretValue(value)) == ""
    check_value(SecretValue(value))


ALPHABETS = {
    "letters and digits": string.ascii_letters + string.digits,
    "small letters": string.ascii_lowercase,
    "small letters and digits": string.ascii_lowercase + string.digits,
    "capitals": string.ascii_uppercase,
    "hexadecimal": string.digits + "abcdef",
    "digits": string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "printable": string.ascii_letters + string.digits + string.punctuation,
}


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_hardly_any_random_value_of_ten_characters_or_more_is_refused(alphabet: str) -> None:
    """In 20,000 draws over all alphabets some 5 were refused: capitals that read like a word."""
    chance = random.Random(alphabet)
    drawn = ["".join(chance.choices(ALPHABETS[alphabet], k=size)) for size in (10, 12, 16, 24, 40) for _ in range(400)]
    refused = [value for value in drawn if common_reason(SecretValue(value)) or more_than_value(value)[0]]
    assert len(refused) <= 4
    assert not [value for value in refused if len(value) > 16]


def test_space_around_a_value_does_not_count() -> None:
    assert common_reason(SecretValue("  ab1x  ")).startswith("is shorter")


def test_a_common_word_is_taken_for_one_in_any_case() -> None:
    for value in ("password", "PASSWORD", "Password", "kennwort", "KENNWORT"):
        assert common_reason(SecretValue(value))
