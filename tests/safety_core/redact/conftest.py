"""What the redaction tests share."""

from __future__ import annotations

from collections.abc import Sequence

from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.policy import Pattern
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor
from tests.simulators.samples import invented

KEY = invented("AK{}IA{16 base32}")
TOKEN = invented("{40 alnum}")
QUOTED = 's3cr3t/with+slash==and"quote\\'
FOREIGN = "пароль-Ünïcode-9431"
PHRASE = "correct horse\nbattery 99 staple (x)"
NUMBER = "847201639524"
ALL = {"KEY": KEY, "TOKEN": TOKEN, "QUOTED": QUOTED, "FOREIGN": FOREIGN, "PHRASE": PHRASE, "NUMBER": NUMBER}
FOUND = Pattern("tok", "Token", r"tok_[a-z]{4,40}")
ASSIGNED = Pattern("assigned", "Assigned", r'password["\\ :=]{1,8}([^"\\ ]{4,40})', 1)


def redactor(patterns: Sequence[Pattern] = (FOUND, ASSIGNED), key: bytes = b"k" * 32, **secrets: str) -> Redactor:
    known = {SecretName(name): SecretValue(value) for name, value in (secrets or ALL).items()}
    return Redactor(Matcher(Registry(known), PatternSet(patterns)), key)
