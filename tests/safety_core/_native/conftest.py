"""Both engines, and the extension at every level of vector instructions that this machine has."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar

from safety_core._native.engine import LOOPS, TWIN, Engine, load

P = ParamSpec("P")
R = TypeVar("R")

C = load({})


def at_level(engine: Engine, level: int) -> Engine:
    """Return the extension held to a level of vector instructions, for these calls only."""
    module: Any = importlib.import_module("safety_core._native._c")

    def held(loop: Callable[P, R]) -> Callable[P, R]:
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            module.use_level(level)
            try:
                return loop(*args, **kwargs)
            finally:
                module.use_level(9)

        return call

    return replace(engine, name=f"c{level}", **{name: held(getattr(engine, name)) for name in LOOPS})


def engines() -> Iterator[Engine]:
    """Yield the twin and, where it was built, the extension at each level."""
    yield TWIN
    if C is not TWIN:
        yield from (at_level(C, level) for level in range(3))


ENGINES = [*engines()]
