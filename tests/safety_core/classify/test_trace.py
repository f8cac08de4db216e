"""How a call was read can be looked at: its commands as a tree, each with what it does itself."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import parse_spec
from safety_core.classify.files import Content
from safety_core.classify.trace import MOST_STEPS, Option, Step, spelt, trace
from safety_core.model.facts import Kind
from safety_core.model.tool_call import Hint

SMALL: JsonObject = {
    "tools": {"exec": {"args": {"command": ["command"]}}},
    "programs": {
        "rm": {"effect": "destroy", "operands": "path", "options": {"-r": "+recursive", "-o": "write=path"}},
        "sudo": {"wrapper": 0, "traits": "privileged"},
        "git": {"commands": {"push": "outward"}},
        "sh": {"effect": "run_code", "operands": "script", "options": {"-c": "=code:shell"}},
    },
}


def read(command: str) -> Step:
    return trace("exec", {"command": command}, SMALL, "/workspace")


def test_what_the_tool_says_of_itself_is_done_by_the_tool() -> None:
    root = trace("exec", {"command": "git push"}, SMALL, "/workspace", hints=frozenset({Hint.DESTRUCTIVE}))
    assert [action.kind for action in root.actions] == [Kind.DESTROY]


def forms(step: Step) -> list[str]:
    return [" ".join(one.words) for one in step.walk()]


def test_a_wrapper_holds_what_it_starts() -> None:
    root = read("sudo rm -r a; git push")
    assert [" ".join(step.words) for step in root.inside] == ["sudo rm -r a", "git push"]
    inner = root.inside[0].inside[0]
    assert (inner.program, inner.entry, inner.operands) == ("rm", "rm", ("a",))
    assert inner.options == (Option("-r", "", "+recursive", True),)
    assert inner.inherited == {"privileged"}
    assert [action.kind for action in inner.actions] == [Kind.DESTROY]
    assert root.inside[1].entry == "git push"


def test_a_value_is_shown_and_an_option_that_nothing_lists_is_said_to_be_so() -> None:
    step = read("rm -o out --wild a").inside[0]
    assert step.options[0] == Option("-o", "out", "write=path", True)
    assert ("--wild", False) in {(option.name, option.listed) for option in step.options}


def test_what_was_not_understood_stands_where_it_was_met() -> None:
    root = read("nobody-knows-it a; nobody-knows-it a")
    step = root.inside[0]
    assert step.entry == ""
    assert len(step.unknown) == 1
    assert root.unknown == []
    assert len(root.inside) == 1, "the same command in a loop stands once"


def test_what_the_shell_itself_does_twice_stands_once() -> None:
    assert [action.kind for action in read("rm a > log; rm b > log").actions] == [Kind.WRITE]


def test_a_program_in_capitals_is_the_same_program() -> None:
    assert read("RM a").inside[0].entry == "rm"


def test_more_commands_than_anybody_reads_are_not_kept() -> None:
    assert len(forms(read("\n".join(f"rm a{number}" for number in range(MOST_STEPS + 50))))) == MOST_STEPS + 1


def test_a_script_that_the_session_wrote_is_followed() -> None:
    written = {"/workspace/a.sh": Content("rm -r b\n")}
    root = trace("exec", {"command": "./a.sh"}, SMALL, "/workspace", written)
    assert "rm -r b" in forms(root)


def test_nothing_makes_it_raise() -> None:
    deep = "x"
    for _ in range(60):
        deep = f"$({deep})"
    assert isinstance(read(deep), Step)


def test_it_is_a_document_too() -> None:
    document = read("rm -r a").to_json()
    assert document["inside"] == [
        {
            "words": ["rm", "-r", "a"],
            "entry": "rm",
            "options": [{"name": "-r", "value": "", "meaning": "+recursive", "listed": True}],
            "operands": ["a"],
            "actions": [action.to_json() for action in read("rm -r a").inside[0].actions],
            "unknown": [],
            "inside": [],
        }
    ]


@pytest.mark.parametrize("text", ["", "write", "dry", "+recursive", "write+raw=path", "=code:shell"])
def test_a_spec_is_spelt_as_it_was_written(text: str) -> None:
    assert spelt(parse_spec(text, "here")) == text
