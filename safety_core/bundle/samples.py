"""Samples of patterns: what stands in a policy's sources, and the invented secrets that it stands for.

They are made when they are tried, so that no file holds anything that looks like a live token.

    {36 alnum}   36 characters of an alphabet, always the same for the same sample
    {}           nothing: keeps a well-known beginning apart in the file
    {github}     36 characters that end in GitHub's checksum
    {jwt}        a JSON Web Token
    {tunnel}     base64 of JSON, as Cloudflare's tunnels take it
    {wif}        a Bitcoin wallet's private key
    {nats} {stellar}  seeds of these two, with their checksum
Other braces stay as they are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import string
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.document import Document, read_document
from safety_core.bundle.gather import SAMPLES
from safety_core.canonical import Json
from safety_core.errors import PolicyError

DIGITS: Final = string.digits
ALPHABETS: Final[Mapping[str, str]] = {
    "alnum": string.ascii_letters + DIGITS,
    "alpha": string.ascii_letters,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + DIGITS + "+/",
    "base64url": string.ascii_letters + DIGITS + "-_",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digit": DIGITS,
    "hex": DIGITS + "abcdef",
    "lower": string.ascii_lowercase + DIGITS,
    "upper": string.ascii_uppercase + DIGITS,
}
LARGEST: Final = 100_000
"""Characters that one mark may ask for."""

_KINDS: Final = "github|jwt|tunnel|wif|nats|stellar"
_MARK: Final = re.compile(rf"\{{(?:([0-9]+) ([a-z0-9]+)|{_KINDS})?\}}")
_UNCLOSED: Final = re.compile(rf"\{{(?:[0-9]+ [a-z0-9]+(?![a-z0-9}}])|(?:{_KINDS})(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of a pattern, as it is written.

    Attributes:
        number: of the pattern, in the order of the sources.
        place: "file:line".
        text: with its marks.
        must_match: whether the pattern has to find it; else it must not.
    """

    number: int
    place: str
    text: str
    must_match: bool


def samples_of(files: Mapping[str, bytes]) -> Iterator[Sample]:
    """Yield every sample in the sources of a policy that `gather` has read. Raises PolicyError naming file and line."""
    number = 0
    for name in sorted(name for name in files if name.startswith("patterns/") and name.endswith(".yaml")):
        document = read_document(name, files[name])
        entries = document.mapping()["patterns"]
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            yield from _samples(document, f".patterns[{index}]", entry, number)
            number += 1


def _samples(document: Document, path: str, entry: Json, number: int) -> Iterator[Sample]:
    for field in SAMPLES:
        listed = entry.get(field, []) if isinstance(entry, dict) else []
        if not isinstance(listed, list):
            raise PolicyError(document.place(f"{path}.{field}"), f"{field} must be a list of texts")
        for index, text in enumerate(listed):
            place = document.place(f"{path}.{field}[{index}]")
            if not isinstance(text, str):
                raise PolicyError(place, f"{field} must be a list of texts", "put it in quotes")
            yield Sample(number, place, text, field == SAMPLES[0])


def invented(sample: str) -> str:
    """Return `sample` with its marks filled in. Raises PolicyError naming a mark that is none."""
    unclosed = _UNCLOSED.search(sample)
    if unclosed:
        raise PolicyError(unclosed[0].strip(), "is a mark without its end", "write } after it")
    return _MARK.sub(lambda found: _filled(found, f"{sample} at {found.start()}"), sample)


def _filled(found: re.Match[str], seed: str) -> str:
    if found[0] == "{github}":
        return with_checksum(characters(30, "alnum", seed))
    if found[0] == "{jwt}":
        return token_of({"alg": "HS256", "typ": "JWT"}, {"sub": "shop"}, characters(43, "base64url", seed))
    if found[0] == "{tunnel}":
        account, secret = characters(32, "hex", seed), characters(44, "base64", seed)
        return base64.b64encode(f'{{"a":"{account}","t":"{account}","s":"{secret}"}}'.encode()).decode()
    if found[0] == "{wif}":
        return base58(b"\x80" + hashlib.sha256(seed.encode()).digest())
    if found[0] in {"{nats}", "{stellar}"}:
        kind = bytes([149, 0]) if found[0] == "{nats}" else bytes([18 << 3])
        return base32(kind + hashlib.sha256(seed.encode()).digest())
    return _drawn(found, seed) if found[1] else ""


def _drawn(found: re.Match[str], seed: str) -> str:
    if found[2] not in ALPHABETS:
        raise PolicyError(found[0], "names an alphabet that does not exist", f"one of {', '.join(ALPHABETS)}")
    if len(found[1]) > len(str(LARGEST)) or int(found[1]) > LARGEST:
        raise PolicyError(found[0], f"asks for more than {LARGEST} characters")
    return characters(int(found[1]), found[2], seed)


def characters(size: int, alphabet: str, seed: str) -> str:
    """Return `size` characters that look drawn by chance and are the same for the same seed."""
    letters, text, turn = ALPHABETS[alphabet], "", 0
    while len(text) < size:
        text += "".join(letters[byte % len(letters)] for byte in hashlib.sha256(f"{seed} {turn}".encode()).digest())
        turn += 1
    return text[:size]


def with_checksum(body: str) -> str:
    """Return `body` and its CRC-32 in six digits of base 62."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = (DIGITS + string.ascii_uppercase + string.ascii_lowercase)[digit] + digits
    return body + digits


def base58(raw: bytes) -> str:
    """Return `raw` and the head of its double SHA-256, as Bitcoin's wallets write them."""
    value = int.from_bytes(raw + hashlib.sha256(hashlib.sha256(raw).digest()).digest()[:4], "big")
    digits = ""
    while value:
        value, digit = divmod(value, 58)
        digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + digits
    return digits


def base32(raw: bytes) -> str:
    """Return `raw` and its CRC-16, low byte first, as NATS and Stellar write seeds."""
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def token_of(header: object, payload: object, signature: str) -> str:
    """Return a JSON Web Token of these parts."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, payload))
    return ".".join([*parts, signature])
