"""Numbers of accounts, cards, persons and wallets: by their check digits, or by their form."""

from __future__ import annotations

import pytest

from safety_core.match.accounts import account_numbers

WORDS = "apple bread candle desert engine fabric garden hammer island jungle kitten lemon"
"""Twelve words, of no list."""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("iban=DE02120300000000202051", "bank account"),
        ("IBAN: DE02 1203 0000 0000 2020 51", "bank account"),
        ("AB12 DE02 1203 0000 0000 2020 51", "bank account"),
        ("no 4000 4111 1111 1111 1111", "card"),
        ("n=4111-1111-1111-1111&x=1", "card"),
        ("amex 378282246310005", "card"),
        ("ssn: 219-09-9999", "person"),
        ("w=5H" + "a1B2c3D" * 7 + "", "key of a wallet"),
        ("private_key: 0x" + "1a" * 32, "key of a wallet"),
        (f"seed: {WORDS}", "recovery phrase"),
        ("phrase=" + WORDS.replace(" ", "+"), "recovery phrase"),
        ("d=" + WORDS.replace(" ", "%20").replace("bread", "apple"), "recovery phrase"),
        ("to=1" + "aB3" * 10, "address of a wallet"),
        ("AWS_SECRET_ACCESS_KEY%3D" + "aB3/" * 10, "secret of an access key"),
        ("root:x:0:0:root:/root:/bin/sh", "machine's users"),
        ("-----BEGIN EC " + "PRIVATE KEY-----", "a private key"),
        ("0x" + "1a" * 20, "chains with prefixes"),
    ],
)
def test_what_is_one_is_named(text: str, kind: str) -> None:
    assert any(kind in why for why in account_numbers(text))


def test_a_phrase_is_found_behind_other_words() -> None:
    others = "mother napkin orange pepper quarter rabbit saddle timber urgent velvet window yellow"
    assert account_numbers(f"{WORDS} {others}") == ()
    phrase = WORDS.replace("bread", "apple")
    assert account_numbers(f"{WORDS} {others} {phrase}") == ("the recovery phrase of a wallet",)


def test_one_of_several_marks_is_enough() -> None:
    assert account_numbers("root: root:x:0:0: -----BEGIN -----BEGIN ") == ("a list of a machine's users",)


@pytest.mark.parametrize(
    "text",
    [
        "iban=DE02120300000000202052",
        "XX02120300000000202051",
        "DE021203000000002020",
        "card=4111111111111112",
        "000-12-3456",
        "tx/0x" + "1a" * 32,
        WORDS,
        "seed: " + WORDS.replace("apple", "the"),
        "seed: " + " ".join(WORDS.split()[:11]),
        f"seed: {WORDS} more",
        f"bread {WORDS}",
        "seed: " + " ".join(["apple"] * 12),
        "1" + "abc" * 10,
        "a plain page about bank accounts and wallets",
    ],
)
def test_what_is_none_is_not(text: str) -> None:
    assert account_numbers(text) == ()
