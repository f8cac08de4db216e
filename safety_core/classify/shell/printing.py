"""What programs print, where that is static: `echo`, `printf`, and those that turn a text into another."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from safety_core.classify.shell.scope import MOST_TEXT
from safety_core.classify.shell.words import Word

_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|0([0-7]{0,3})|([1-7][0-7]{0,2})|u([0-9a-fA-F]{1,4})|(.))", re.DOTALL
)
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v", "\\": "\\"}
_DIRECTIVE: Final = re.compile(r"%(?:%|[-+ #0]*(\d*)(?:\.\d+)?([a-zA-Z]))")
_RANGE: Final = re.compile(r"(.)-(.)", re.DOTALL)
_HEX_LINE: Final = re.compile(r"(?m)^[0-9a-fA-F]+:")


def static(words: Sequence[Word]) -> bool:
    """Tell whether nothing of these words depends on the running shell or on files."""
    return all(word.known and not word.glob for word in words)


def echoed(words: Sequence[Word]) -> str | None:
    """Return what `echo` prints. Shells differ on backslashes: they are followed where the reader would see code."""
    options = 0
    while options < len(words) and re.fullmatch(r"-[neE]+", words[options].text):
        options += 1
    flags = "".join(word.text for word in words[:options])
    text = " ".join(word.text for word in words[options:])
    if not static(words):
        return None
    if "\\" in text and "E" not in flags:
        text = unescaped(text) if "e" in flags else text
    return text + ("" if "n" in flags else "\n")


def unescaped(text: str) -> str:
    """Return a text with its escapes undone, as `printf` and `echo -e` do."""
    return _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    if match[1] or match[4]:
        return chr(int(match[1] or match[4], 16))
    octal = match[2] if match[2] is not None else match[3]
    if octal is not None:
        return chr(int(octal or "0", 8) & 0xFF)
    return _LETTERS.get(match[5], match[0])


def formatted(words: Sequence[Word]) -> str | None:
    """Return what `printf format arguments` prints."""
    if not words or not static(words):
        return None
    form, arguments = words[0].text, [word.text for word in words[1:]]
    directives = [match for match in _DIRECTIVE.finditer(form) if match[0] != "%%"]
    if any(match[2] not in "sbdiqc" or match[1] for match in directives):
        return None
    printed: list[str] = []
    size = 0
    while True:
        line = _one_round(form, arguments)
        size += len(line)
        printed.append(line)
        if not arguments or not directives or size > MOST_TEXT:
            return "".join(printed) if size <= MOST_TEXT else None


def _one_round(form: str, arguments: list[str]) -> str:
    pieces: list[str] = []
    at = 0
    for match in _DIRECTIVE.finditer(form):
        pieces.append(unescaped(form[at : match.start()]))
        at = match.end()
        if match[0] == "%%":
            pieces.append("%")
            continue
        value = arguments.pop(0) if arguments else "0" if match[2] in "di" else ""
        pieces.append(unescaped(value) if match[2] == "b" else value[:1] if match[2] == "c" else value)
    pieces.append(unescaped(form[at:]))
    return "".join(pieces)


def _base64(text: str, arguments: Sequence[str]) -> str | None:
    if not _has(arguments, "-d", "-D", "--decode", "-di"):
        return None
    return _bytes(lambda: base64.b64decode("".join(text.split()), validate=True))


def _base32(text: str, arguments: Sequence[str]) -> str | None:
    if not _has(arguments, "-d", "-D", "--decode"):
        return None
    return _bytes(lambda: base64.b32decode("".join(text.split())))


def _hex(text: str, arguments: Sequence[str]) -> str | None:
    if not any(re.fullmatch(r"-[a-z]*r[a-z]*|-revert", argument) for argument in arguments):
        return None
    if _HEX_LINE.search(text):  # a dump with addresses and a column of text
        return None
    return _bytes(lambda: bytes.fromhex("".join(text.split())))


def _reversed(text: str, arguments: Sequence[str]) -> str | None:
    return "\n".join(line[::-1] for line in text.split("\n"))


def _translated(text: str, arguments: Sequence[str]) -> str | None:
    operands = [_letters(argument) for argument in arguments if not argument.startswith("-")]
    if _has(arguments, "-d", "--delete") and len(operands) == 1:
        return text.translate({ord(letter): None for letter in operands[0]})
    if len(operands) != 2 or len(operands) != len(arguments) or not operands[1] or "[:" in "".join(arguments):
        return None
    old, new = operands
    new += new[-1] * (len(old) - len(new))
    return text.translate({ord(a): b for a, b in reversed(list(zip(old, new, strict=False)))})


def _letters(operand: str) -> str:
    def spread(match: re.Match[str]) -> str:
        return "".join(map(chr, range(ord(match[1]), ord(match[2]) + 1)))

    return _RANGE.sub(spread, unescaped(operand))[:MOST_TEXT]


def _has(arguments: Sequence[str], *options: str) -> bool:
    return any(argument in options for argument in arguments)


def _bytes(decode: Callable[[], bytes]) -> str | None:
    try:
        return decode().decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


_TURNS: Final[Mapping[str, Callable[[str, Sequence[str]], str | None]]] = {
    "base64": _base64,
    "gbase64": _base64,
    "base32": _base32,
    "xxd": _hex,
    "rev": _reversed,
    "tr": _translated,
    "gtr": _translated,
}
SILENT: Final = frozenset(
    {"true", "false", ":", "test", "[", "set", "shift", "read", "sleep", "wait", "getopts", "let"}
)
"""Programs that print nothing."""

DECODING: Final = frozenset({"rev", "base32", "basenc", "uudecode"})
"""Those that turn a text into another that a reader does not see, whatever the catalogue says of them."""

_INTERPRETER: Final = re.compile(r"(?:python|perl|ruby|node|php|lua|awk|gawk)[\d.]*$")
_DECODES: Final = re.compile(
    r"(?i)b(?:ase)?64|b32decode|fromhex|unhex|unpack|pack\(|chr\(|fromCharCode|rot_?13|decompress|%c|\\x[0-9a-f]{2}"
)


def turned(name: str, text: str, words: Sequence[Word]) -> str | None:
    """Return what the program `name` makes of `text`; None where that is not followed."""
    turn = _TURNS.get(name)
    if turn is None or len(text) > 16 * MOST_TEXT or not static(words):
        return None
    return turn(text, [word.text for word in words])


def hides(name: str, words: Sequence[Word]) -> bool:
    """Tell whether the program turns letters into other letters."""
    texts = [word.text for word in words]
    if name in {"tr", "gtr"}:
        letters = [text for text in texts if re.search(r"[A-Za-z]-[A-Za-z]|[A-Za-z]{3}", text)]
        return len(letters) > 1 and "[:" not in "".join(letters)
    if name in {"openssl", "gpg", "gpg2"}:
        return _has(texts, "-d", "--decrypt")
    return name in DECODING or (_INTERPRETER.match(name) is not None and _DECODES.search(" ".join(texts)) is not None)
