"""The shape of the code, as far as a program can see it. What imports what, import-linter checks in `make lint`."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Collection, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for part in ("safety_core", "proxy", "hub", "demo_pool") for path in (ROOT / part).rglob("*.py"))

MODULE_LINES = 400
FUNCTION_LINES = 60


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_module_fits_one_reading(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= MODULE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and "migrations" not in path.parts:
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, f"{node.name} in {name(path)}"


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "__init__.py"], ids=name)
def test_a_package_is_a_glossary_or_a_list_of_names(path: Path) -> None:
    allowed = ast.Expr | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "says what the package is"
    assert all(isinstance(node, allowed) for node in tree.body)


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name == "__init__.py"], ids=name)
def test_a_glossary_names_every_module_and_none_that_is_gone(path: Path) -> None:
    words = ast.get_docstring(ast.parse(path.read_text())) or ""
    named = (
        set(re.findall(r"^(\w+) +\S", words, re.MULTILINE)) if re.search(r"^\w+ {2,}\S", words, re.MULTILINE) else set()
    )
    there = {below.stem for below in path.parent.iterdir()}
    assert {word for word in named if word.islower()} <= there
    if named:
        modules = {below.stem for below in path.parent.iterdir() if (below / "__init__.py").exists()}
        modules |= {below.stem for below in path.parent.glob("*.py")}
        assert modules - {"__init__", "__main__"} <= set(re.findall(r"\w+", words))


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.AST, modules: Collection[str]) -> Iterator[str]:
    """Yield which of these modules one may import when it runs, late imports too; not those for the type checker."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            named = (f"{node.module}.{one.name}" for one in node.names)
            yield from (each if each in modules else str(node.module) for each in named)
        yield from imports(node, modules)


def test_no_module_needs_one_that_needs_it() -> None:
    modules = {module(path): path for path in SOURCES}
    needs = {one: {*imports(ast.parse(path.read_text()), modules)} & modules.keys() for one, path in modules.items()}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names the cycle


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_input_is_not_checked_by_assert(path: Path) -> None:
    """Asserts are gone under `python -O`."""
    assert not [node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)]


def test_values_are_revealed_in_few_and_known_places() -> None:
    """`reveal()` is the only way to a secret's text: every caller is listed here, with a reason."""
    callers = {name(path) for path in SOURCES if re.search(r"\.reveal\(\)", path.read_text())}
    assert callers <= REVEALERS, f"new places that reveal a secret: {sorted(callers - REVEALERS)}"
    assert callers >= REVEALERS, f"no longer needed: {sorted(REVEALERS - callers)}"


REVEALERS = {
    "proxy/egress/relay.py",  # the provider's key, into its header
    "proxy/secrets.py",  # to look for the texts in it by themselves
    "safety_core/edge/adapters/request.py",  # into the pipe to the child that serves a connected service
    "safety_core/edge/fill.py",  # into the child or the request
    "safety_core/edge/one_time.py",  # to the one who reads a one-time file
    "safety_core/edge/vault/rekey.py",  # to seal it anew
    "safety_core/edge/vault/store.py",  # to seal it
    "safety_core/edge/vault_key.py",  # a passphrase, to derive the key from
    "safety_core/match/common_value.py",  # to judge whether it is too common
    "safety_core/match/one_way.py",  # to make needles of it that do not tell it
    "safety_core/match/registry.py",  # to make needles of it
}


def test_the_repository_speaks_of_itself_alone() -> None:
    """No path of a machine, no host of a package registry."""
    tracked = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    odd = re.compile(r"/(?:root|work|farm)/[a-z]|--(?:extra-)?index-url|--registry[= ]|pypi\.org|registry\.npmjs\.org")
    here = Path(__file__).relative_to(ROOT).as_posix()
    found = []
    for file in filter(None, tracked):
        path = ROOT / file
        if file == here or path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{file}: {match.group()}" for match in odd.finditer(text)]
    assert not found
