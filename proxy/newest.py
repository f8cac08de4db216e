"""Memory that holds only so many things, the newest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def keep(known: OrderedDict[K, V], name: K, value: V, most: int) -> None:
    """Remember `value` under `name` as the newest, and forget the oldest where that makes more than `most`."""
    known[name] = value
    known.move_to_end(name)
    if len(known) > most:
        known.popitem(last=False)
