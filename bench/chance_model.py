"""Train the model that tells tokens drawn by chance from what merely looks like it, and print its weights.

    python -m bench.chance_model [--tokens N]

What is a secret is made here: keys and passwords of the shapes that are in use, drawn at random from a fixed seed. What
is none comes from the installed packages and the standard library: identifiers, paths, file names, digests, encoded
text and pictures, mangled names, class names of style sheets. Tokens that the rules in `safety_core.match.unknown`
explain, or that the cheap test refuses, never reach the model and are left out on both sides.

The numbers go into `safety_core/match/chance.py`. The same interpreter and packages give the same numbers.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import math
import random
import re
import string
import sysconfig
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from safety_core._native.engine import ENGINE
from safety_core._native.twin import MIXED
from safety_core.match.chance import features
from safety_core.match.layer import RUN_LEAST, RUN_MOST

SEED: Final = 20
ROUNDS: Final = 400
RATE: Final = 1.0
WEIGHT_DECAY: Final = 1e-5
ALNUM: Final = string.ascii_letters + string.digits
SHAPES: Final = (
    (ALNUM, (24, 28, 32, 36, 40, 43, 48, 64)),
    (ALNUM + "+/", (24, 32, 40, 43, 44, 64, 86)),
    (ALNUM + "-_", (24, 32, 36, 40, 43, 64)),
    (string.ascii_lowercase + string.digits, (24, 25, 28, 32, 40)),
    (string.ascii_uppercase + string.digits, (24, 26, 32, 40)),
)
PREFIXES: Final = ("", "", "", "", "sk-", "pk_", "key-", "api_", "tok_", "live_", "prod-", "v1_", "SG_", "app-")
WORDS: Final = ("order", "item", "user", "page", "shop", "cart", "view", "list", "load", "save", "core", "node", "edge")
PLACES: Final = tuple(Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib"))
SUFFIXES: Final = frozenset((".py", ".pyi", ".js", ".json", ".md", ".rst", ".txt", ".html", ".css", ".c", ".h"))


def drawn(number: int, dice: random.Random) -> Iterator[str]:
    """Yield so many tokens of the shapes in use."""
    for _ in range(number):
        letters, sizes = dice.choice(SHAPES)
        yield dice.choice(PREFIXES) + "".join(dice.choices(letters, k=dice.choice(sizes)))


def invented(number: int, dice: random.Random) -> Iterator[str]:
    """Yield tokens that are no secrets, of kinds that packages hold few of."""
    for _ in range(number):
        seed = str(dice.random()).encode()
        some = dice.choices(WORDS, k=6)
        yield dice.choice(
            (
                "".join(word.title() for word in some) + str(dice.randrange(100)),
                "-".join(some) + f"-{dice.randrange(2020, 2030)}-{dice.randrange(1, 13):02}",
                f"_ZN{len(some[0])}{some[0]}{len(some[1])}{some[1]}E{some[2]}{len(some[3])}{some[3].title()}Ev",
                "css-"
                + hashlib.md5(seed, usedforsecurity=False).hexdigest()[:6]
                + "-"
                + some[0].title()
                + some[1].title(),
                f"{some[0]}_{uuid.UUID(bytes=hashlib.md5(seed, usedforsecurity=False).digest())}",
                base64.b64encode(" ".join(some).encode()).decode().rstrip("="),
                f"{some[0]}/{some[1]}{dice.randrange(10)}/{some[2].title()}/{some[3]}{dice.randrange(100)}",
                f"{some[0].upper()}_{some[1].upper()}_{dice.randrange(10000)}_{some[2].upper()}",
                hashlib.sha1(seed, usedforsecurity=False).hexdigest(),
            )
        )


def candidates(flat: bytes) -> list[tuple[int, int]]:
    """Return what the model would be asked about."""
    return [(start, end) for start, end, kind in ENGINE.runs(flat, RUN_LEAST, RUN_MOST) if kind & MIXED]


def harvested() -> list[str]:
    """Return the tokens of installed text, each once, in a fixed order."""
    found: set[str] = set()
    for place in PLACES:
        for path in sorted(place.rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size < 400_000:
                flat = path.read_bytes()
                found.update(flat[start:end].decode("ascii") for start, end in candidates(flat))
    return sorted(token for token in found if not re.fullmatch(r"[0-9a-fA-F_-]+", token))


def trained(rows: list[tuple[tuple[float, ...], float, float]]) -> tuple[list[float], float]:
    """Return weights and bias after `ROUNDS` steps of gradient descent over all (features, target, share)."""
    weights, bias = [0.0] * len(rows[0][0]), 0.0
    speed, bias_speed = [0.0] * len(weights), 0.0
    for _ in range(ROUNDS):
        slope, bias_slope = [WEIGHT_DECAY * weight for weight in weights], 0.0
        for values, target, share in rows:
            odds = bias + sum(map(float.__mul__, weights, values))
            error = (1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))) - target) * share
            bias_slope += error
            for index, value in enumerate(values):
                slope[index] += error * value
        speed = [0.95 * old - RATE * new for old, new in zip(speed, slope, strict=True)]
        bias_speed = 0.95 * bias_speed - RATE * bias_slope
        weights = [weight + step for weight, step in zip(weights, speed, strict=True)]
        bias += bias_speed
    return weights, bias


def main() -> None:
    """Train, and print weights, bias and what the model makes of the half of the tokens that it has not seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=2500, help="tokens of each side to learn from (default: 2500)")
    number = parser.parse_args().tokens
    dice = random.Random(SEED)
    secrets = [token for token in drawn(number * 2, dice) if candidates(token.encode())]
    others = harvested()
    print(f"# {len(others)} tokens of installed text")
    dice.shuffle(others)
    others = others[: number * 2] + [token for token in invented(number, dice) if candidates(token.encode())]
    dice.shuffle(others)
    halves = [[(features(token), float(good)) for token in side] for good, side in ((1, secrets), (0, others))]
    learn = [half[::2] for half in halves]
    rows = [(values, target, 1 / len(half) / 2) for half in learn for values, target in half]
    weights, bias = trained(rows)
    print("WEIGHTS: Final = (" + ", ".join(f"{weight:.2f}" for weight in weights) + ")")
    print(f"BIAS: Final = {bias:.2f}")
    odds = [sorted(bias + sum(map(float.__mul__, weights, values)) for values, _ in half[1::2]) for half in halves]
    for share in (0.9, 0.95, 0.97, 0.99):
        floor = odds[0][int(len(odds[0]) * (1 - share))]
        wrong = sum(value >= floor for value in odds[1]) / len(odds[1])
        print(f"# recall {share:.2f} at {floor:.2f}: takes {wrong:.2%} of the others for secrets")


if __name__ == "__main__":
    main()
