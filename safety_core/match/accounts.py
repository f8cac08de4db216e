"""What no pattern of a product knows and is yet nobody's business: numbers of bank accounts, cards and persons, and of
wallets the keys, the recovery phrases and the addresses. Looked for only where policy is strict about what
leaves: shops send such numbers with good reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote_plus

_IBAN_LENGTHS: Final = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL", 19: "MK SI", 20: "AT BA EE KZ LT LU XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG", 25: "LY PT ST",
    26: "IS TR", 27: "FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB PL SV", 29: "BR EG PS QA UA", 30: "JO KW MU",
    31: "MT SC", 32: "LC",
}  # fmt: skip
"""Characters -> countries whose numbers have as many (ISO 13616)."""

_LENGTH_OF: Final = {country: length for length, names in _IBAN_LENGTHS.items() for country in names.split()}
_B58: Final = "[1-9A-HJ-NP-Za-km-z]"
_APART: Final = "(?<![A-Za-z0-9])"
_ENDS: Final = "(?![A-Za-z0-9])"

_WORDS: Final = r"(?<![A-Za-z])[a-z]{3,8}(?:[ ,+._\n-]{1,2}[a-z]{3,8}){11,23}(?![A-Za-z])"
_NAMED: Final = r"(?i:seed|mnemonic|phrase|recovery|wallet|backup|secret|bip)[^\n]{0,24}?"
_RUN: Final = re.compile(_WORDS)
_PHRASE: Final = re.compile(f"(?:{_NAMED})?{_WORDS}")
_SPACES: Final = str.maketrans(",+._-\n", " " * 6)
_PHRASE_LENGTHS: Final = frozenset({12, 15, 18, 21, 24})
_NOT_IN_PHRASES: Final = frozenset(
    [
        "the",
        "and",
        "for",
        "are",
        "was",
        "were",
        "has",
        "had",
        "his",
        "her",
        "its",
        "our",
        "from",
        "but",
        "does",
        "did",
        "been",
        "which",
        "who",
        "how",
        "why",
        "with",
        "without",
        "your",
        "may",
        "might",
        "could",
        "should",
        "these",
        "those",
        "their",
        "them",
        "into",
        "such",
        "not",
    ]
)
"""Words of three letters or more that every text has and no list of recovery words (BIP 39)."""


def _iban(number: str) -> bool:
    plain = re.sub(r"[ -]", "", number).upper()
    length = _LENGTH_OF.get(plain[:2])
    plain = plain[:length]
    moved = "".join(str(int(mark, 36)) for mark in plain[4:] + plain[:4])
    return length is not None and len(plain) == length and int(moved) % 97 == 1


def _phrase(words: str) -> bool:
    """Words that nothing names one are one only if some come again: lists of other words have each once."""
    run = [*_RUN.finditer(words)][-1]
    listed = run[0].translate(_SPACES).split()
    different = {*listed}
    fits = len(listed) in _PHRASE_LENGTHS and len(different) > 1 and not _NOT_IN_PHRASES & different
    return fits and (run.start() > 0 or len(different) < len(listed))


def _card(number: str) -> bool:
    digits = [int(mark) for mark in number if mark.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mixed(text: str) -> bool:
    return any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text[1:]))


def _any(_: str) -> bool:
    return True


_KINDS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]]] = {
    "the number of a bank account": (
        re.compile(rf"{_APART}[A-Za-z]{{2}}[0-9]{{2}}(?:[ -]?[A-Za-z0-9]){{11,30}}"),
        _iban,
    ),
    "the number of a card": (
        re.compile(
            r"(?<![0-9A-Za-z.])(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011"
            r"|5[0-9]{2}))(?:[ -]?[0-9]{4}){3}(?![0-9A-Za-z])"
            r"|(?<![0-9A-Za-z.])3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}(?![0-9A-Za-z])"
        ),
        _card,
    ),
    "the number of a person": (
        re.compile(r"(?<![0-9A-Za-z-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z-])"),
        _any,
    ),
    "the key of a wallet": (
        re.compile(
            rf"{_APART}(?:5[HJK]{_B58}{{49}}|[KL]{_B58}{{51}}|[xyztuv]prv{_B58}{{100,110}}){_ENDS}"
            r"|(?i:key|priv|secret|wallet|\bpk\b)[^\n]{0,24}?(?<![A-Za-z0-9])(?:0x)?[0-9a-fA-F]{64}(?![A-Za-z0-9])"
        ),
        _any,
    ),
    "the recovery phrase of a wallet": (_PHRASE, _phrase),
    "a list of a machine's users": (re.compile(r"(?<![\w-])root:[^:\s]{0,120}:0:0:"), _any),
    "the secret of an access key": (
        re.compile(r"(?i:secret)_?(?i:access_?)?(?i:key)[\"']{0,2}\s?[=:]\s?[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
        _any,
    ),
    "a private key": (re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"), _any),
    "the address of a wallet": (
        re.compile(rf"{_APART}(?:[13]{_B58}{{25,34}}|4[0-9AB]{_B58}{{93}}){_ENDS}"),
        _mixed,
    ),
    "the address of a wallet (of chains with prefixes)": (
        re.compile(rf"{_APART}(?:bc1[ac-hj-np-z02-9]{{25,71}}|0x[0-9a-fA-F]{{40}}){_ENDS}"),
        _any,
    ),
}


def account_numbers(text: str) -> tuple[str, ...]:
    """Return what kinds of such numbers stand in a text, each once; escapes of URLs are undone."""
    readings = {text, unquote_plus(text)}
    return tuple(
        why
        for why, (pattern, right) in _KINDS.items()
        if any(right(found) for each in readings for found in _places(pattern, each))
    )


def _places(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield what a pattern finds; of numbers also what begins within a find: marks before one must not hide it."""
    found = pattern.search(text)
    while found:
        yield found[0]
        found = pattern.search(text, found.end() if pattern is _PHRASE else found.start() + 1)
