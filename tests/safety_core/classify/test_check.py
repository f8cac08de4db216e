"""A catalogue that says what nobody reads is refused, with the word that was meant."""

from __future__ import annotations

import pytest

from safety_core.canonical import Json
from safety_core.classify.check import check_catalogue
from safety_core.edge.shipped import shipped_bundle
from safety_core.errors import PolicyError


def test_the_shipped_catalogue_says_nothing_that_nobody_reads() -> None:
    check_catalogue(shipped_bundle().policy.catalogue)


@pytest.mark.parametrize(
    ("section", "entry", "path", "reason", "fix"),
    [
        ("program", {"effect": "write"}, "program.till", "'program' is not known", "write programs"),
        ("programs", {"efect": "write"}, "programs.till.efect", "'efect' is not known", "write effect"),
        ("programs", {"effect": "explode"}, "programs.till.effect", "'explode' is not", "the effects are read, write"),
        ("programs", "explode", "programs.till", "'explode' is not", "the effects are"),
        ("tools", {"effect": "read", "asks": True}, "tools.till.asks", "must be text", "say in a few words"),
        ("tools", {"effect": "read", "asks": ""}, "tools.till.asks", "must be text", "say in a few words"),
        ("programs", ["write"], "programs.till", "must be a spec", "write an effect"),
        ("programs", {"options": {"-x": "wirte"}}, "programs.till.options.-x", "'wirte'", "the effects are"),
        ("programs", {"assign": "x"}, "programs.till.assign", "must be a mapping", ""),
        ("programs", {"last": "no=="}, "programs.till.last", "'no=='", "the effects are"),
        ("programs", {"last": "write=pth"}, "programs.till.last", "'pth' is not known", "write path"),
        ("programs", {"operands": "text pth"}, "programs.till.operands", "'pth' is not known", "write path"),
        ("programs", {"flags": "-a all"}, "programs.till.flags", "'all' is no option", "write option names"),
        ("programs", {"values": 7}, "programs.till.values", "7 is no option", "write option names"),
        ("programs", {"commands": {"open": {"word": ""}}}, "programs.till.commands.open.word", "'word'", "write words"),
        ("programs", {"anywhere": {"keys": "wirte"}}, "programs.till.anywhere.keys", "'wirte'", "the effects are"),
        ("http", {"hosts": "a"}, "http.till", "must be a mapping that has calls", "write {hosts"),
        ("http", "read", "http.till", "must be a mapping that has calls", "write {hosts"),
        ("http", {"calls": {}, "host": "a"}, "http.till.host", "'host' is not known", "write hosts"),
        ("http", {"calls": {"POST": "read"}}, "http.till.calls", "'POST' is no request", "write methods, path"),
        ("http", {"calls": {"PUT /a": "wirte"}}, "http.till.calls.PUT /a", "'wirte'", "the effects are"),
        ("http", {"calls": {"PUT /a": {"kind": ""}}}, "http.till.calls.PUT /a.kind", "'kind' is not", "write effect"),
        ("tools", {"adaptor": "exec"}, "tools.till.adaptor", "'adaptor' is not known", "write adapter"),
        ("tools", {"actions": {"open": "wirte"}}, "tools.till.actions.open", "'wirte'", "the effects are"),
        ("tools", {"given": {"people": "wirte"}}, "tools.till.given.people", "'wirte'", "the effects are"),
        ("tools", "write", "tools.till", "must be a mapping", "write {effect"),
        ("adapters", "sql", "adapters.till", "must be a mapping", "write {words"),
        ("adapters", {"repeat": "often"}, "adapters.till.repeat", "'often' is not known here", "write"),
        ("tools", {"zzzz": "write"}, "tools.till.zzzz", "'zzzz' is not known", "write actions, adapter"),
    ],
)
def test_a_misspelt_word_is_named(section: str, entry: Json, path: str, reason: str, fix: str) -> None:
    with pytest.raises(PolicyError, match=reason) as caught:
        check_catalogue({section: {"till": entry}})
    assert caught.value.thing == f"data.catalogue.{path}"
    assert caught.value.fix.startswith(fix)


@pytest.mark.parametrize("entry", ["write", {"effect": "write", "commands": {"count": "read"}, "read": "show, list"}])
def test_what_the_shop_adds_in_good_order_passes(entry: Json) -> None:
    check_catalogue({"programs": {"till": entry}, "tools": {"till": {"effect": "write"}}, "verbs": {"read": ["look"]}})


@pytest.mark.parametrize("section", ["programs", "tools"])
def test_a_section_without_names_is_refused(section: str) -> None:
    with pytest.raises(PolicyError, match="must be a mapping"):
        check_catalogue({section: "till"})


def test_a_program_that_two_entries_describe_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"'till' stands in another entry, too \(scale, till\)"):
        check_catalogue({"programs": {"scale, till": "read", "till": "write"}})
