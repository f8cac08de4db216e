"""What holds at one point of a script."""

from __future__ import annotations

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.scope import MOST_ELEMENTS, MOST_TEXT, Scope


def test_positional_parameters() -> None:
    scope = Scope("/")
    scope.bind(("a", "b"))
    assert [scope.value(name) for name in ("1", "2", "3", "@", "*", "#", "0")] == [
        "a",
        "b",
        "",
        "a b",
        "a b",
        "2",
        None,
    ]
    scope.bind((HOLE,))
    assert scope.value("#") == HOLE


def test_an_array_stands_for_its_first_element() -> None:
    scope = Scope("/")
    scope.set_all("x", ("a", "b"))
    assert scope.value("x") == "a"
    scope.set("x", "c")
    assert scope.arrays.get("x") is None
    scope.drop("x")
    assert scope.value("x") == ""


def test_long_values_are_not_kept() -> None:
    scope = Scope("/")
    scope.set("x", "a" * (MOST_TEXT + 1))
    scope.set_all("y", ("a",) * (MOST_ELEMENTS + 1))
    assert scope.value("x") == HOLE
    assert scope.value("y") == HOLE


def test_what_may_have_changed_is_forgotten() -> None:
    before = Scope("/")
    before.set("same", "a")
    after = before.copy()
    assert not after.differs(before)
    after.set("x", "a")
    after.set_all("y", ("a",))
    after.bind(("a",))
    assert after.differs(before)
    after.blur(before)
    assert [after.value(name) for name in ("x", "y", "1", "same")] == [HOLE, HOLE, HOLE, "a"]
