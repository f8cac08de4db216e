"""The bodies of one run: clean ones of three sizes, and one with planted secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench import corpus
from bench.invented import planted, registered, some_registered
from bench.peers.install import folder, install
from bench.worker import Worker, WorkerError

OURS: Final = "bench.scanners.ours"
SECRETS = registered(1000)
PROVIDERS = planted()
KNOWN = some_registered(SECRETS, 3)


@dataclass(frozen=True, slots=True)
class Bodies:
    """By name: `4k`, `64k`, `1m`, `dirty`, and `text`: the messages of `64k` without the JSON around them."""

    raw: dict[str, bytes]
    described: dict[str, Any]


@cache
def alone() -> Bodies:
    """Return bodies that our own scanner finds clean: for what no other one is measured with. They are made once."""
    install("corpus")
    with Worker("ours", OURS) as ours:
        ours.start(SECRETS, {})
        return made(ours, [], folder(), lambda _count, _total: None)


def made(ours: Worker, others: list[Worker], peers: Path, tick: Callable[[int, int], None]) -> Bodies:
    """Return bodies that `ours` and all `others` find clean, and the dirty one.

    Raises:
        WorkerError: if something is found in a clean body all the same, or there is not enough text.
    """
    pieces = corpus.clean_pieces(corpus.pieces(corpus.sources(peers)), lambda texts: _clean(texts, ours, others), tick)
    found = {name: corpus.body(pieces, size) for name, size in corpus.SIZES.items()}
    found["dirty"] = corpus.body(pieces, corpus.SIZES["64k"], PROVIDERS + KNOWN)
    raw = {name: body.raw for name, body in found.items()}
    raw["text"] = corpus.decoded(raw["64k"])
    _check(raw, ours)
    described = {
        name: {"bytes": len(body.raw), "ascii": corpus.ascii_share(body.raw), **body.shares}
        for name, body in found.items()
    }
    return Bodies(raw, described)


def _clean(texts: list[str], ours: Worker, others: list[Worker]) -> list[bool]:
    """Return for each text whether nobody finds anything in it. Whoever cannot be asked finds nothing."""
    good = [not found for found in ours.ask("call", method="text_findings", arguments={"texts": texts})]
    for index, text in enumerate(texts):
        good[index] = good[index] and all(_nothing(peer, text) for peer in others)
    return good


def _nothing(peer: Worker, text: str) -> bool:
    try:
        peer.ask("message", name="piece", raw=text)
        return peer.cleaned("piece") == text
    except WorkerError:
        return True  # it is named as soon as it is to be measured


def _check(raw: dict[str, bytes], ours: Worker) -> None:
    for name, body in raw.items():
        if len(body) != corpus.SIZES.get("64k" if name == "dirty" else name, len(body)):
            raise WorkerError(f"the packages installed here hold too little clean text for the body {name}")
        if name in corpus.SIZES:
            ours.ask("message", name=name, raw=body.decode())
            if ours.cleaned(name) != body.decode():
                raise WorkerError(f"something is found in the clean body {name}, though in no message of it")
    text = corpus.decoded(raw["dirty"]).decode()
    if lost := [secret[:6] for secret in PROVIDERS + KNOWN if secret not in text]:
        raise WorkerError(f"not planted: {lost}")
