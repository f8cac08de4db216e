"""The tree of errors is the one drawn in its docstring, and every error says thing, reason and fix."""

from __future__ import annotations

import inspect
import pickle
import re

from safety_core import errors


def drawn() -> dict[str, str]:
    """Return {error: its parent} as the docstring draws it."""
    tree: dict[str, str] = {}
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ((?:\|   |    )*(?:[|`]-- )?)([A-Z]\w+)", line)
        if found and inspect.isclass(getattr(errors, found[2], None)):
            depth = len(found[1]) // 4
            parents[depth:] = [found[2]]
            tree[found[2]] = parents[depth - 1] if depth else "Exception"
    return tree


def test_the_docstring_draws_exactly_the_classes_there_are() -> None:
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    assert drawn() == real


def test_an_error_names_the_thing_the_reason_and_the_fix() -> None:
    assert (
        str(errors.PolicyError("matrix.yaml", "has no row red", "add it")) == "matrix.yaml: has no row red. Fix: add it"
    )
    assert str(errors.FreezeError("timestamp.json", "expired")) == "timestamp.json: expired"


def test_errors_survive_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(errors.PolicyError("a", "b", "c")))
    assert (type(error), error.fix) == (errors.PolicyError, "c")
