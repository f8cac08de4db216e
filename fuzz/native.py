"""The C extension, under sanitizers, beside its Python twin, on mutated input, for a given time.

A sanitizer ends the process at the first bad access. Where the two do not agree, the input is printed and the exit
status is 1. `sh fuzz/native.sh` builds and runs it.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import importlib.util
import json
import random
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from safety_core._native import twin
from safety_core._native.fold import fold_page
from safety_core._native.literals import LiteralTable
from safety_core._native.words import USUAL
from safety_core.errors import InputError
from safety_core.wire.reader import parse_json

PIECES: tuple[bytes, ...] = (
    *(
        b"\\",
        b"\\\\",
        b"\\u0041",
        b"\\ud83d\\ude00",
        b"\\ud83d",
        b"\\u{41}",
        b"\\x41",
        b"\\xe2\\x82\\xac",
        b"\\101",
        b"\\n",
    ),
    *(b"%41", b"%2541", b"%e2%82%ac", b"&#65;", b"&#x41;", b"&amp;", b"&lowbar;", b"=41=42", b"=E2=82=AC", b"U+0041 "),
    *(
        b"0x41, ",
        b"<b>",
        b"</b>",
        b"<!-- c -->",
        b"\x00",
        b"\x08",
        b"\xff",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
        b"\xed\xa0\x80",
    ),
    *(
        b'{"a":',
        b'{"\\u0061":1,"a":2}',
        b"[",
        b"]",
        b"}",
        b",",
        b":",
        b'"',
        b"1e9",
        b"-0.5",
        b"true",
        b"null",
        b"NaN",
        b" ",
        b"\n",
    ),
    *(
        b"A" * 64,
        b"0123456789abcdef" * 3,
        b"MFRGGZDFMZTWQ2LK",
        b"a/b/c/d/e1" * 9,
        base64.b64encode(b"some text that is text " * 3),
    ),
    *(base64.b64encode(gzip.compress(b"packed", mtime=0)), zlib.compress(b"packed").hex().encode(), b"x" * 5000),
)


class Mutator:
    """Makes inputs of pieces, cut, repeated, shuffled and with bytes changed. The same seed makes the same inputs."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def make(self) -> bytes:
        chance = self.chance
        raw = bytearray(b"".join(chance.choices(PIECES, k=chance.randint(0, 24))))
        for _ in range(chance.choice((0, 0, 1, 2, 8))):
            if raw:
                at = chance.randrange(len(raw))
                match chance.randrange(4):
                    case 0:
                        raw[at] = chance.randrange(256)
                    case 1:
                        del raw[at : at + chance.randint(1, 70)]
                    case 2:
                        raw[at:at] = chance.randbytes(chance.randint(1, 20))
                    case _:
                        raw[at:at] = raw[: chance.randint(1, 200)]
        return bytes(raw)

    def document(self) -> bytes:
        """Return a JSON document, mostly well-formed."""
        text = self.make().decode("utf-8", "replace")
        value: object = {text[:9]: [text, {text[9:20]: len(text)}], "n": self.chance.random()}
        raw = json.dumps(value, ensure_ascii=self.chance.random() < 0.5).encode()
        if self.chance.random() < 0.3:
            at = self.chance.randrange(len(raw))
            raw = raw[:at] + self.chance.choice(PIECES) + raw[at + self.chance.randint(0, 3) :]
        return raw


def extension(path: str) -> Any:
    """Return the extension in the file `path`."""
    spec = importlib.util.spec_from_file_location("safety_core._native._c", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: is no extension module. Fix: build it with fuzz/native.sh")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.set_fold(fold_page)
    module.set_usual(USUAL)
    return module


def check_flat(c: Any, raw: bytes) -> None:
    same(c.squeeze, twin.squeeze, raw)
    same(c.positions, twin.positions, raw)
    same(c.unescaped, twin.unescaped, raw)
    same(lambda flat: c.runs(flat, 20, 200), lambda flat: twin.runs(flat, 20, 200), raw)
    for name in ("usual_share", "word_letters", "entropy", "hinted"):
        same(getattr(c, name), getattr(twin, name), raw)
    for needle in (raw[len(raw) // 2 :], raw[9::-1]):
        if c.contains(raw, needle) != twin.contains(raw, needle):
            differ(raw, f"contains {needle!r}")
    for text in (raw.decode("latin-1"), raw.decode("utf-8", "replace"), raw.decode("utf-8", "surrogateescape")):
        if c.flatten(text) != twin.flatten(text):
            differ(text.encode("utf-8", "surrogateescape"), "flatten")


def check_json(c: Any, raw: bytes) -> None:
    """What the extension accepts, Python's parser accepts, and reads the same."""
    strict, loose, trail = c.json_view(raw, True), c.json_view(raw, False), c.json_trail(raw)
    if strict is not None:
        try:
            parse_json(raw, "input")
        except InputError:
            differ(raw, "json_view accepts what Python does not")
    for found, twins in ((strict, twin.json_view), (loose, twin.json_view)):
        if found is not None and found != twins(raw, False):
            differ(raw, "json_view")
    if (trail is None) != (loose is None) or (trail is not None and trail != twin.json_trail(raw)):
        differ(raw, "json_trail")


def check_table(c: Any, raw: bytes, chance: random.Random) -> None:
    needles = [raw[at : at + chance.randint(10, 40)] for at in (chance.randrange(len(raw) + 1) for _ in range(6))]
    needles = [needle for needle in needles if len(needle) >= 10]
    grams, literals = c.GramTable(), LiteralTable()
    for tag, needle in enumerate(needles):
        grams.add(needle, tag)
    literals.add_all((needle, tag) for tag, needle in enumerate(needles))
    if sorted(grams.find(raw)) != sorted(literals.find(raw)):
        differ(raw, f"table of {needles!r}")


def same(ours: Callable[[bytes], Any], twins: Callable[[bytes], Any], raw: bytes) -> None:
    if ours(raw) != twins(raw):
        differ(raw, getattr(ours, "__name__", "runs"))


def differ(raw: bytes, what: str) -> None:
    sys.exit(f"{what}: C and Python do not agree on {raw!r}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extension", required=True, help="file of the extension, built with sanitizers")
    parser.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same inputs (default: 0)")
    options = parser.parse_args(arguments)
    c, mutator = extension(options.extension), Mutator(options.seed)
    started = said = time.monotonic()
    count = 0
    while (now := time.monotonic()) - started < options.seconds:
        c.use_level(count % 3)
        raw = mutator.make()
        check_flat(c, raw)
        check_json(c, raw)
        check_json(c, mutator.document())
        if count % 50 == 0:
            check_table(c, twin.squeeze(raw), mutator.chance)
        count += 1
        if now - said >= 10:
            said = now
            print(f"{now - started:6.0f} s  {count} inputs", flush=True)
    print(f"{count} inputs in {options.seconds:.0f} s (seed {options.seed}): no bad access, no difference")


if __name__ == "__main__":
    main()
