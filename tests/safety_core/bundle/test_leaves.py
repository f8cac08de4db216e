"""Two catalogues that mean the same have the same leaves, however they are laid out."""

from __future__ import annotations

from safety_core.bundle.leaves import catalogue_leaves, leaves


def test_leaves_go_by_their_path_and_lists_by_their_items() -> None:
    assert leaves({"a": {"b": 1, "c": ["x", {"y": 2}]}, "d": True}) == {
        "a b": "1",
        "a c x": "",
        'a c {"y": 2}': "",
        "d": "true",
    }


def test_programs_that_share_an_entry_are_entries_of_their_own() -> None:
    lumped = {"programs": {"cp, mv": {"effect": "write", "flags": "-a  -b"}}}
    split = {"programs": {"mv": {"flags": "-b -a", "effect": "write"}, "cp": {"effect": "write", "flags": "-a -b"}}}
    assert catalogue_leaves(lumped) == catalogue_leaves(split)
    assert catalogue_leaves(lumped)["program", "cp"] == {"effect": "write", "flags -a": "", "flags -b": ""}


def test_a_list_of_subcommands_is_subcommands() -> None:
    short = {"programs": {"till": {"read": "list, show", "commands": {"open, pull": "money"}}}}
    listed = {"programs": {"till": {"read": ["list", "show"], "commands": {"pull": "money", "open": "money"}}}}
    assert catalogue_leaves(short) == catalogue_leaves(listed)
    assert catalogue_leaves(short)["program", "till"]["open effect"] == "money"


def test_options_are_compared_one_by_one_and_odd_shapes_as_they_are() -> None:
    found = catalogue_leaves(
        {
            "programs": {"till": {"options": {"-o, --out": "write=path"}, "flags": ["-a"], "commands": ["odd"]}},
            "tools": {"pay": {"effect": "money"}},
            "verbs": {"money": "pay, refund", "read": "look", "odd": ["x", "y"]},
            "odd": "no mapping",
        }
    )
    assert found["program", "till"] == {
        "options -o": "write=path",
        "options --out": "write=path",
        "flags -a": "",
        "commands odd": "",
    }
    assert found["tool", "pay"] == {"effect": "money"}
    assert found["verbs", "money"] == {"pay": "", "refund": ""}
    assert found["verbs", "read"] == {"effect": "look"}
    assert found["verbs", "odd"] == {"x": "", "y": ""}
    assert not [key for key in found if key[0] == "odd"]
