"""Values that are too common to be looked for: redaction would garble ordinary text.

A registered value is replaced wherever it stands. A header that everybody sends, the name of a model or a word would
then be torn out of requests and answers that have nothing to do with the secret. So they are refused when a person
registers them, and not looked for when a scanner found them (beside a name that promises a secret the scanner finds
them again). Weak is not the same as common: how easily a value is guessed is not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from safety_core.errors import CommonValueError
from safety_core.match.common_words import (
    ENDINGS,
    HEADER_VALUES,
    HEADERS,
    KNOWN_VALUES,
    LITTLE,
    SHOWN,
    SUFFIXES,
    TRADE,
)
from safety_core.match.pasted import more_than_value
from safety_core.match.wordlike import usual_share
from safety_core.model.secret import REFERENCE, SecretValue

_SMALLEST: Final = 6
_PASSPHRASE: Final = 4
"""Words, none of them of our lists: drawn by chance, as passphrases are, they stand in no other text."""

_PERIODIC: Final = re.compile(r"(.{1,5}?)\1{2,}.{0,4}", re.DOTALL)
_ROWS: Final = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
)
_RUNS: Final = tuple(row[at : at + 3] for one in _ROWS for row in (one, one[::-1]) for at in range(len(row) - 2))

_MODEL: Final = re.compile(
    r"(?:[a-z0-9-]+[/.:])*(?:models/)?"
    r"(?:gpt|chatgpt|claude|gemini|gemma|(?:meta-)?llama|(?:open)?mi[sx]tral|ministral|codestral|qwen|deepseek|grok|phi|"
    r"command-r|kimi|glm|nova|titan|dall-e|whisper|davinci|sonnet|opus|haiku|o[134]|text-embedding|tts|sora)"
    r"(?:[-._:@/ ]?[0-9]{1,3}(?:[.x][0-9]{1,3})?[a-z]{0,2})?"
    r"(?:[-._:@/ ](?:v?[0-9]{1,8}(?:[.x][0-9]{1,3})?[a-z]{0,2}|[a-z]{1,14}))*"
)
_TYPE: Final = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[a-z0-9.+*-]+(?:\s*;\s*[a-z-]+=[a-z0-9\"._-]+)*"
)
_DIRECTIVE: Final = re.compile(r"(?:public|private|no-cache|no-store)?(?:,?\s*(?:s-)?max-age=[0-9]+)+(?:,\s*[a-z-]+)*")
_LANGUAGES: Final = re.compile(r"[a-z]{2}(?:[-_][a-z]{2})?(?:(?:,\s*[a-z*]{1,2}(?:-[a-z]{2})?)?;q=[0-9.]+)+")
_LOCALE: Final = re.compile(r"[a-z]{2}[-_][a-z]{2}\.?(?:utf-?8|iso-?8859-?[0-9]+)?|[a-z]{3}[/_-][a-z]{3}")
_AGENT: Final = re.compile(r"[a-z][a-z0-9_.-]*/v?[0-9]+(?:\.[0-9]+)+(?:[ (].*)?")
_MAIL: Final = re.compile(r"[a-z0-9._%+-]+@((?:[a-z0-9-]+\.)+[a-z]{2,24})")
_HOST: Final = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)+([a-z]{2,24})\.?(?::[0-9]{1,5})?|localhost(?::[0-9]{1,5})?")
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/?#@]+(/[^\s?#@]*)?(?:[?#][a-z_=&]*)?")
_PATH: Final = re.compile(r"(?:~|\.{1,2}|[a-z]:)?([/\\][^\s]+)")
_FILE: Final = re.compile(r"([a-z0-9_.-]+)\.([a-z0-9]{1,6})")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
_PLACEHOLDER: Final = re.compile(
    r"\$\{.*\}|%[a-z_]+%|\{\{.*\}\}|<[^<>]*>|\[[a-z _-]+\]|"
    r"(?:your|insert|replace|enter)(?:[-_ .][a-z]+)+|process\.env\..*|os\.(?:environ|getenv).*"
)
_WHEN: Final = re.compile(
    r"(?:19|20)[0-9]{2}[-/.]?(?:0[1-9]|1[0-2])[-/.]?(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[t _-]?[0-2][0-9]:?[0-5][0-9](?::?[0-5][0-9](?:\.[0-9]+)?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)?|"
    r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{2}){1,2}|[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?:\.[0-9]+)?"
)
_VERSION: Final = re.compile(
    r"[v^~=<>]{0,2}[0-9]{1,5}(?:\.[0-9]{1,5}){1,3}(?:[-+.]?(?:a|b|rc|alpha|beta|dev|post)[.-]?[0-9]*)?"
)
_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,7}(?:[.,][0-9]{1,6})?\s*(?:%|€|\$|eur|usd|px|ms|kb|mb|gb)?")
_ADDRESS: Final = re.compile(
    r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5}|/[0-9]{1,2})?|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|"
    r"\[?(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]?(?:/[0-9]{1,3}|:[0-9]{1,5})?"
)
_LETTERS: Final = re.compile(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+")
_FILLING: Final = re.compile(r"[\s_./:;,+!?()'\"@#&*|=-]")

Test: TypeAlias = Callable[[str], bool]


def check_value(value: SecretValue, thing: str = "secret value") -> None:
    """Refuse a value that could not be replaced without garbling ordinary text, or that is more than the value.

    Args:
        thing: how the error calls it ("secret shop_key").

    Raises:
        CommonValueError: with the reason. It does not show the value.
    """
    reason = common_reason(value)
    if reason:
        raise CommonValueError(
            thing, f"{reason}, so redaction would tear it out of ordinary text", "use a longer, random value"
        )
    reason, fix = more_than_value(value.reveal())
    if reason:
        raise CommonValueError(thing, f"{reason}, so the secret alone would not be found", fix)


def common_reason(value: SecretValue) -> str:
    """Return why a value is too common to be looked for ("is the name of a model"), or nothing."""
    plain = value.reveal().strip()
    return next((reason for reason, holds in _REASONS if holds(plain)), "")


def _short(plain: str) -> bool:
    return len(plain) < _SMALLEST


def _repeats(plain: str) -> bool:
    return len(set(plain)) < 4 or _PERIODIC.fullmatch(plain) is not None


def _in_a_row(plain: str) -> bool:
    """Tell whether every letter and digit belongs to three or more that follow each other in an alphabet or on a
    keyboard."""
    bare = "".join(filter(str.isalnum, plain.lower()))
    covered: set[int] = set()
    for at in range(len(bare) - 2):
        if bare.startswith(_RUNS, at):
            covered.update((at, at + 1, at + 2))
    return len(covered) == len(bare) > len(plain) // 2


def _well_known(plain: str) -> bool:
    low = plain.lower()
    bare = low.rstrip("0123456789!?.*#$_-")
    return bool({low, low.replace(" ", ""), low.replace("-", "")} & KNOWN_VALUES) or bare in SHOWN


def _header(plain: str) -> bool:
    low = plain.lower()
    name, _, stated = low.partition(": ")
    return low in HEADERS or _header_value(low) or (name in HEADERS and (_header_value(stated) or _stated(stated)))


def _header_value(low: str) -> bool:
    return low in HEADER_VALUES or any(form.fullmatch(low) for form in (_TYPE, _DIRECTIVE, _LANGUAGES, _AGENT))


def _stated(low: str) -> bool:
    return any(form.fullmatch(low) for form in (_WHEN, _NUMBER, _VERSION)) or _words(low)


def _host(plain: str) -> bool:
    found = _HOST.fullmatch(plain.lower())
    return found is not None and (found[1] is None or found[1] in ENDINGS)


def _mail(plain: str) -> bool:
    found = _MAIL.fullmatch(plain.lower())
    return found is not None and _host(found[1])


def _url(plain: str) -> bool:
    found = _URL.fullmatch(plain) or _URL.fullmatch(plain.lower())
    return found is not None and _plain_path(found[1] or "")


def _path(plain: str) -> bool:
    found = _PATH.fullmatch(plain) or _PATH.fullmatch(plain[:1].lower() + plain[1:])
    if found:
        return _plain_path(found[1]) and any(map(_is_word, _LETTERS.findall(found[1])))
    file = _FILE.fullmatch(plain)
    return file is not None and file[2] in SUFFIXES and _plain_path(file[1])


def _plain_path(path: str) -> bool:
    """Tell whether no part of a path could be a secret: each is short, or its letters are words for the most part."""
    return all(len(part) <= 3 or _words_in(part) * 3 >= len(part) * 2 for part in re.split(r"[/\\._-]", path))


def _variable(plain: str) -> bool:
    parts = plain.split("_")
    words = sum(map(_is_word, parts))
    short = sum(len(part) <= 3 and not _is_word(part) for part in parts)
    return _NAME.fullmatch(plain) is not None and words + short == len(parts) and words >= short


def _placeholder(plain: str) -> bool:
    if plain.startswith("$") and (_variable(plain[1:]) or _is_word(plain[1:])):
        return True
    return REFERENCE.fullmatch(plain) is not None or _PLACEHOLDER.fullmatch(plain.lower()) is not None


def _words(plain: str) -> bool:
    """Tell whether it is made of words, with marks between them and up to two digits at the end; but not four words or
    more that are no common ones: that is a passphrase."""
    bare = _FILLING.sub("", plain)
    named = bare.rstrip("0123456789")
    runs = _LETTERS.findall(plain)
    sentence = " " in plain and any(run.lower() in LITTLE for run in runs)
    if not runs or len(bare) - len(named) > 2 or sum(map(len, runs)) != len(named):
        return False
    if not all(_is_word(run) or (sentence and len(run) <= 3) for run in runs):
        return False
    return len(runs) < _PASSPHRASE or any(map(_common, runs))


def _is_word(run: str) -> bool:
    """Tell a word from letters drawn by chance, of which one in seven trigrams is a usual one."""
    return _common(run) or (len(run) > 3 and run.isalpha() and usual_share(run) >= (0.5 if len(run) < 8 else 0.8))


def _words_in(part: str) -> int:
    return sum(len(run) for run in _LETTERS.findall(part) if _is_word(run))


def _common(run: str) -> bool:
    """Tell whether it is one of our words, or put together from them."""
    low = run.lower()
    ends = {0}
    for end in range(1, len(low) + 1):
        if any(_part(low[start:end], first=not start) for start in ends):
            ends.add(end)
    return len(low) in ends


def _part(word: str, *, first: bool) -> bool:
    """Tell whether it can be a part of a compound; German ones are joined by an s."""
    if first or len(word) > 2:
        return word in LITTLE or word in TRADE
    return word == "s"


def _one_of(*forms: re.Pattern[str]) -> Test:
    return lambda plain: any(form.fullmatch(plain.lower()) for form in forms)


_REASONS: Final[Iterable[tuple[str, Test]]] = (
    (f"is shorter than {_SMALLEST} characters", _short),
    ("repeats the same few characters", _repeats),
    ("is a row of the keyboard or the alphabet", _in_a_row),
    ("is a date or a time", _one_of(_WHEN)),
    ("is a number of fewer than 8 digits", _one_of(_NUMBER)),
    ("is the address of a machine in a network", _one_of(_ADDRESS)),
    ("is the number of a version", _one_of(_VERSION)),
    ("is a well-known test value", _well_known),
    ("is the name of a model", _one_of(_MODEL)),
    ("is part of what every web request says (a public header)", _header),
    ("is the code of a language, country or currency", _one_of(_LOCALE)),
    ("is a stand-in for a value, not the value itself", _placeholder),
    ("is an e-mail address", _mail),
    ("is the name of a website or machine", _host),
    ("is a web address without a password in it", _url),
    ("is the name of a file or folder", _path),
    ("is the name of a setting, not its value", _variable),
    ("is made of ordinary words", _words),
)
