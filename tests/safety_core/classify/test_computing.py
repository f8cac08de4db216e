"""Programs of Python that only compute, and what is near to them."""

from __future__ import annotations

import pytest

from safety_core.classify.computing import LIMIT, only_computes
from safety_core.model.level import Level
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    "program",
    [
        "print(1 + 2 * 3)",
        "[x ** 2 for x in range(10)]",
        "import sys; print(sys.version)",
        "import math\nprint(math.sqrt(2))",
        "a = 'x'\nprint(a.upper(), f'{a:>5}')",
        "for i in range(3): print(i if i else -i)",
        "print({k: v for k, v in zip('ab', [1, 2])})",
        "print(sorted([3, 1], reverse=True)[0:1])",
    ],
)
def test_computing_is_seen(program: str) -> None:
    assert only_computes(program)


@pytest.mark.parametrize(
    "program",
    [
        "open('a')",
        "import os",
        "import sys as print",
        "import sys; sys.modules",
        "import sys; sys.path.append('x')",
        "print(__import__('os'))",
        "().__class__",
        "print.__self__",
        "exec('1')",
        "sorted(['1'], key=exec)",
        "print = exec\nprint('1')",
        "sys = 1",
        "a.b = 1",
        "(lambda: 1)()",
        "[f for f in [1]][0]()",
        "while True: pass",
        "def f(): pass",
        "with a: pass",
        "not python at all",
        "1\0",
        "1" + " " * LIMIT,
    ],
)
def test_anything_else_is_not_computing(program: str) -> None:
    assert not only_computes(program)


def test_computing_on_a_command_line_is_green(judging: Judging) -> None:
    assert judging.level("python3 -c 'print(6 * 7)'") is Level.GREEN
    assert judging.level("python3 -c 'print(open(1))'") is Level.YELLOW
    assert judging.level("sudo python3 -c 'print(6 * 7)'") is Level.YELLOW
