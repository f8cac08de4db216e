"""What the redaction tests share."""

from __future__ import annotations

from collections.abc import Sequence

from safety_core.bundle.samples import invented
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor

KEY = invented("AK{}IA{16 base32}")
TOKEN = invented("{40 alnum}")
QUOTED = 's3cr3t/with+slash==and"quote\\'
FOREIGN = "пароль-Ünïcode-9431"
PHRASE = "correct horse\nbattery 99 staple (x)"
NUMBER = "847201639524"
ALL = {"KEY": KEY, "TOKEN": TOKEN, "QUOTED": QUOTED, "FOREIGN": FOREIGN, "PHRASE": PHRASE, "NUMBER": NUMBER}
FOUND = Pattern("tok", "Token", r"tok_[a-z]{4,40}")
ASSIGNED = Pattern("assigned", "Assigned", r'password["\\ :=]{1,8}([^"\\ ]{4,40})', 1)

LEADING = [
    Pattern("forge", "Forge", r"(?<![A-Za-z0-9])(?:forge_[A-Za-z0-9]{20}|WORKS[0-9]{9})"),
    Pattern("any-case", "Any case", r"(?i)tower-[a-z0-9]{20}"),
    Pattern("two", "Two letters", r"ma[0-9]{20}"),
    Pattern("hook", "Hook", r"https://[a-z.]{1,40}/hook/[0-9]{9}"),
    Pattern("named", "Named", r"(?i)(?:pass(?:word)?|my pass)\s?[=:]\s?([^\s]{4,40})", 1),
    Pattern("long", "By length", r"(?i)sign=([a-z]{20,40})", 1),
    Pattern("keyed", "Keyed", r"(?i)linear[a-z =]{1,20}([a-z0-9]{8,40})", 1, "keyed"),
    Pattern("phrase", "Phrase", r"(?i)seed words: ((?:[a-z]{3,8} ){11}[a-z]+)", 1),
    Pattern("url", "URL", r"://[a-z]+:([^@]{4,9})@", 1),
]
"""Patterns that begin in different ways."""


def redactor(patterns: Sequence[Pattern] = (FOUND, ASSIGNED), key: bytes = b"k" * 32, **secrets: str) -> Redactor:
    known = {SecretName(name): SecretValue(value) for name, value in (secrets or ALL).items()}
    return Redactor(Matcher(Registry(known), PatternSet(patterns)), key)
