"""Which entries of a catalogue anything used."""

from __future__ import annotations

from safety_core.canonical import JsonObject
from safety_core.classify.trace import trace
from safety_core.classify.unused import Used, unused

CATALOGUE: JsonObject = {
    "programs": {
        "rm, unlink": {"effect": "destroy", "options": {"-r, -R": "+recursive", "-f": "+forced"}},
        "git": {"read": "status, log", "commands": {"push, send": "outward"}},
        "cat": "read",
    },
    "tools": {
        "exec": {"args": {"command": ["command"]}, "aliases": ["bash", "shell"]},
        "pay": {"effect": "money", "aliases": "refund"},
    },
}
ODD: JsonObject = {"tools": {"pay": {"aliases": None}, "odd": "no mapping"}, "programs": ["odd"]}


def told(used: Used) -> dict[str, list[str]]:
    return {sort.sort: [name for _, name in sort.names] for sort in unused(CATALOGUE, used)}


def test_without_calls_nothing_is_used() -> None:
    found = unused(CATALOGUE, Used())
    assert {sort.sort: (sort.used, sort.total) for sort in found} == {
        "programs": (0, 3),
        "subcommands": (0, 3),
        "options": (0, 2),
        "tools": (0, 2),
    }
    assert ("data.catalogue.programs.rm, unlink.options.-r, -R", "rm -r, -R") in found[2].names
    assert unused({}, Used())[0].total == 0
    assert [sort.total for sort in unused(ODD, Used())] == [0, 0, 0, 2]


def test_a_call_uses_programs_subcommands_and_options() -> None:
    used = Used()
    for command in ("unlink -R a", "git send", "git log"):
        used.add_step(trace("shell", {"command": command}, CATALOGUE, "/workspace"))
    assert told(used) == {
        "programs": ["cat"],
        "subcommands": ["git status"],
        "options": ["rm -f"],
        "tools": ["pay"],
    }


def test_facts_use_tools_programs_and_subcommands_but_tell_no_options() -> None:
    used = Used()
    used.add_facts({"tool": "refund", "actions": [{"subject": "git", "form": "git status"}, "odd"]})
    used.add_facts({"tool": "exec", "actions": None})
    assert told(used) == {
        "programs": ["rm, unlink", "cat"],
        "subcommands": ["git push, send", "git log"],
        "options": ["rm -r, -R", "rm -f"],
        "tools": [],
    }
