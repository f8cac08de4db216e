"""The demo pool and the console are two services, each with a style sheet of its own, and look like one product."""

from __future__ import annotations

import re
from importlib.resources import files


def colours_of(package: str, name: str) -> str:
    """Return the rule that sets colours, type and edges."""
    found = re.search(
        r"^:root \{\n.*?^\}\n", files(package).joinpath("static", name).read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    return found[0]


def test_the_colours_are_the_consoles() -> None:
    assert colours_of("demo_pool.front", "demo.css") == colours_of("hub.console", "console.css")
