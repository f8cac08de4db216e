"""What no pattern of a product knows and is yet nobody's business: numbers of bank accounts, cards and persons, and of
wallets the keys, the recovery phrases and the addresses. Looked for only where policy is strict about what
leaves: shops send such numbers with good reason.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
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
_ENDS: Final = "(?![A-Za-z0-9])"

_SHAPE: Final = bytes(
    48 if 48 <= code < 58 else 97 if 65 <= code < 91 or 97 <= code < 123 else 32 for code in range(256)
)
"""Byte -> "0" for a digit, "a" for a letter, a space for anything else."""
_DIGITS_AS_LETTERS: Final = bytes.maketrans(b"0", b"a")
_LONG: Final = 26
"""Characters of the shortest run that could be something of a wallet."""
_DOUBLED: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_DECIMAL: Final = bytes.maketrans(
    (_MARKS := string.digits + string.ascii_letters).encode(),
    bytes.fromhex("".join(f"f{mark}" if mark.isdigit() else str(int(mark, 36)) for mark in _MARKS)),
)
"""Byte -> what its hexadecimal digits say: of a digit f and itself, of a letter its place behind 9 (A is 10)."""

_WORDS: Final = r"(?<![A-Za-z])[a-z]{3,8}(?:[ ,+._\n-]{1,2}[a-z]{3,8}){11,23}(?![A-Za-z])"
_NAMED: Final = r"(?i:seed|mnemonic|phrase|recovery|wallet|backup|secret|bip)[^\n]{0,24}?"
_NAME_REACH: Final = 40
"""Characters before its words in which a phrase's name begins."""
_RUN: Final = re.compile(_WORDS)
_PHRASE: Final = re.compile(f"(?:{_NAMED})?{_WORDS}")
_WORD: Final = "[a-z]{3,8}+(?![A-Za-z])"
_NEXT: Final = rf"[ ,+._\n-]{{1,2}}+{_WORD}"
_MANY_WORDS: Final = re.compile(
    rf"(?:[^A-Za-z]++|{_WORD}(?:{_NEXT}){{0,10}}+(?!{_NEXT})|(?!{_WORD})[A-Za-z]++){{0,4096}}+({_WORD}(?:{_NEXT})*+)?"
)
"""Passes over rows of few words; each character is looked at once or twice."""
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
    length = _LENGTH_OF.get(number[:2].upper())
    plain = number.encode().translate(_DECIMAL, b" -")
    if length is None or len(plain) < length:
        return False
    return int((plain[4:length] + plain[:4]).hex().replace("f", "")) % 97 == 1


def _phrase(words: str) -> bool:
    """Words that nothing names one are one only if some come again: lists of other words have each once."""
    run = [*_RUN.finditer(words)][-1]
    listed = run[0].translate(_SPACES).split()
    different = {*listed}
    fits = len(listed) in _PHRASE_LENGTHS and len(different) > 1 and not _NOT_IN_PHRASES & different
    return fits and (run.start() > 0 or len(different) < len(listed))


def _card(number: str) -> bool:
    digits = number.encode().translate(None, b" -")
    plain = digits[-1::-2]
    return (sum(plain) - 48 * len(plain) + sum(digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def _mixed(text: str) -> bool:
    return any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text[1:]))


def _any(_: str) -> bool:
    return True


@dataclass(frozen=True)
class _Reading:
    """A text, and where in it something could begin; each is worked out when it is first asked for."""

    text: str

    @cached_property
    def _shape(self) -> bytes:
        return b" " + self.text.encode("latin-1", "replace").translate(_SHAPE)

    def shaped(self, shape: bytes) -> Iterator[int]:
        """Yield where this shape is, behind what is no letter or digit."""
        place = self._shape.find(shape)
        while place >= 0:
            yield place
            place = self._shape.find(shape, place + 1)

    @cached_property
    def runs(self) -> tuple[int, ...]:
        """Where long runs of letters and digits begin."""
        flat = self._shape.translate(_DIGITS_AS_LETTERS) + b" "
        found = []
        place = flat.find(b"a" * _LONG)
        while place >= 0:
            found.append(place - 1)
            place = flat.find(b"a" * _LONG, flat.find(b" ", place))
        return tuple(found)

    def of(self, mark: str) -> Iterator[int]:
        """Yield where these characters are."""
        place = self.text.find(mark)
        while place >= 0:
            yield place
            place = self.text.find(mark, place + 1)


def _matched(
    places: Callable[[_Reading], Iterable[int]], expression: str, right: Callable[[str], bool] = _any
) -> Callable[[_Reading], bool]:
    """Return what tells whether an expression matches at one of these places, and is right."""
    match = re.compile(expression).match

    def holds(reading: _Reading) -> bool:
        return any(found and right(found[0]) for found in (match(reading.text, place) for place in places(reading)))

    return holds


def _key(reading: _Reading) -> bool:
    """Tell whether a number of 64 digits stands behind a word for a key."""
    text = reading.text
    return any(
        _HEX.match(text, place) and _KEY_NAME.search(text[max(place - _NAME_REACH, 0) : place])
        for place in reading.runs
    )


def _phrases(reading: _Reading) -> bool:
    """Tell whether a recovery phrase is among rows of many words, one behind the other."""
    text, at = reading.text, 0
    for row in _MANY_WORDS.finditer(text):
        start, end = row.span(1)
        found = _PHRASE.search(text, max(at, start - _NAME_REACH, 0), end + 1) if start >= 0 else None
        while found:
            if _phrase(found[0]):
                return True
            at = found.end()
            found = _PHRASE.search(text, at, end + 1)
    return False


_HEX: Final = re.compile(rf"(?:0x)?[0-9a-fA-F]{{64}}{_ENDS}")
_KEY_NAME: Final = re.compile(r"(?i:key|priv|secret|wallet|\bpk\b)[^\n]{0,24}\Z")
_wallet_key: Final = _matched(
    attrgetter("runs"), rf"(?:5[HJK]{_B58}{{49}}|[KL]{_B58}{{51}}|[xyztuv]prv{_B58}{{100,110}}){_ENDS}"
)
_secret: Final = re.compile(
    r"(?i:secret)_?(?i:access_?)?(?i:key)[\"']{0,2}\s?[=:]\s?[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)

_KINDS: Final[Mapping[str, Callable[[_Reading], object]]] = {
    "the number of a bank account": _matched(
        lambda reading: reading.shaped(b" aa00"), r"[A-Za-z]{2}[0-9]{2}(?:[ -]?+[A-Za-z0-9]){11,30}+", _iban
    ),
    "the number of a card": _matched(
        lambda reading: reading.shaped(b" 0000"),
        r"(?<!\.)(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011|5[0-9]{2}))(?:[ -]?[0-9]{4}){3}(?![0-9A-Za-z])"
        r"|(?<!\.)3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}(?![0-9A-Za-z])",
        _card,
    ),
    "the number of a person": _matched(
        lambda reading: reading.shaped(b" 000 00 0000"),
        r"(?<!-)(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9A-Za-z-])",
    ),
    "the key of a wallet": lambda reading: _wallet_key(reading) or _key(reading),
    "the recovery phrase of a wallet": _phrases,
    "a list of a machine's users": _matched(lambda reading: reading.of("root:"), r"(?<![\w-])root:[^:\s]{0,120}:0:0:"),
    "the secret of an access key": lambda reading: _secret.search(reading.text),
    "a private key": _matched(lambda reading: reading.of("-----BEGIN "), r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"),
    "the address of a wallet": _matched(
        attrgetter("runs"), rf"(?:[13]{_B58}{{25,34}}|4[0-9AB]{_B58}{{93}}){_ENDS}", _mixed
    ),
    "the address of a wallet (of chains with prefixes)": _matched(
        attrgetter("runs"), rf"(?:bc1[ac-hj-np-z02-9]{{25,71}}|0x[0-9a-fA-F]{{40}}){_ENDS}"
    ),
}


def account_numbers(text: str) -> tuple[str, ...]:
    """Return what kinds of such numbers stand in a text, each once; escapes of URLs are undone."""
    readings = [*map(_Reading, {text, unquote_plus(text)})]
    return tuple(why for why, holds in _KINDS.items() if any(map(holds, readings)))
