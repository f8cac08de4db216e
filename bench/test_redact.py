"""Redacting a clean message body, with all detectors on."""

from __future__ import annotations

import json
import random
import string
import sysconfig
from pathlib import Path

import orjson

from bench.conftest import Pair
from safety_core.edge.shipped import shipped_bundle
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from safety_core.redact.redactor import Redactor

SIZE = 64 * 1024


def redactor(secrets: int) -> Redactor:
    chance = random.Random(secrets)
    letters = string.ascii_letters + string.digits
    entries = {SecretName(f"s{n}"): SecretValue("".join(chance.choices(letters, k=32))) for n in range(secrets)}
    return Redactor(Matcher(Registry(entries), PatternSet(shipped_bundle().policy.patterns)), bytes(32))


def body() -> bytes:
    """Return a chat request of about 64 KiB: the standard library's own prose and code, cut where it is clean."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(Path(sysconfig.get_path("stdlib")).glob("a*.py")))
    pieces = [text[start : start + 2048] for start in range(0, SIZE * 4, 2048)]
    clean = [piece for piece in pieces if not redactor_small.text(piece).findings]
    messages = [{"role": "user", "content": piece} for piece in clean[: SIZE // 2048]]
    return json.dumps({"model": "m", "messages": messages}, ensure_ascii=False).encode()


redactor_small = redactor(10)


def test_redact(pair: Pair) -> None:
    raw = body()
    thousand, ten_thousand = redactor(1000), redactor(10_000)

    def redact(with_these: Redactor) -> None:
        assert with_these.body(raw, "application/json").raw is raw

    redact(thousand)
    pair("redact_64k", lambda: redact(thousand), lambda: orjson.loads(raw), repeat=(3, 30))
    pair("redact_growth", lambda: redact(ten_thousand), lambda: redact(thousand), repeat=(3, 3))
