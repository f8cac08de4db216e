"""The soak's reader stands on its own: what it judges has no part in the judging."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

READER = Path(__file__).parents[2] / "soak" / "reader"
OTHERS = frozenset({"cryptography"})


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module or "")
    return found


def test_the_reader_imports_nothing_of_what_it_judges() -> None:
    files = sorted(READER.glob("*.py"))
    assert len(files) > 8
    for path in files:
        for module in imported(path):
            first = module.partition(".")[0]
            own = module == "soak.reader" or module.startswith("soak.reader.")
            assert own or first in OTHERS or first in sys.stdlib_module_names, f"{path.name} imports {module}"


def test_nothing_is_imported_by_name_at_run_time() -> None:
    for path in READER.glob("*.py"):
        called = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
        assert not called & {"__import__", "importlib", "exec", "eval"}, path.name
