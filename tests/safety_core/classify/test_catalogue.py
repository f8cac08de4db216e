"""The catalogue's grammar, and mistakes in it."""

from __future__ import annotations

import pytest

from safety_core.canonical import JsonObject
from safety_core.classify.catalogue import Catalogue, Spec, compiled, parse_spec
from safety_core.errors import PolicyError
from safety_core.model.facts import Kind
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("", Spec()),
        ("read", Spec(Kind.READ)),
        ("dry", Spec(dry=True)),
        ("+forced", Spec(traits=frozenset({"forced"}))),
        ("destroy+forced+mass", Spec(Kind.DESTROY, traits=frozenset({"forced", "mass"}))),
        ("=code:shell", Spec(takes="code:shell")),
        ("write=path", Spec(Kind.WRITE, takes="path")),
    ],
)
def test_spec(text: str, spec: Spec) -> None:
    assert parse_spec(text, "x") == spec


@pytest.mark.parametrize("text", ["explode", "read write", "READ", "=", "+"])
def test_a_wrong_spec_is_named(text: str) -> None:
    with pytest.raises(PolicyError, match="somewhere"):
        parse_spec(text, "somewhere")


@pytest.mark.parametrize(
    "data",
    [
        {"programs": []},
        {"programs": {"a": 7}},
        {"programs": {"a": {"options": {"-x": "explode"}}}},
        {"tools": {"a": 7}},
        {"code": {"x": [{"pattern": "("}]}},
        {"code": {"x": ["text"]}},
    ],
)
def test_a_mistake_is_a_policy_error(data: JsonObject) -> None:
    with pytest.raises(PolicyError):
        Catalogue(data).program("a")


def test_names_share_an_entry_and_versions_are_left_out() -> None:
    catalogue = Catalogue({"programs": {"python, pypy": "run_code"}})
    for name in ("python", "pypy", "python3.12"):
        entry = catalogue.program(name)
        assert entry is not None
        assert entry.spec.kind is Kind.RUN_CODE
    assert catalogue.program("ruby") is None


def test_subcommands_of_several_words_are_nested() -> None:
    catalogue = Catalogue(
        {"programs": {"git": {"read": "remote", "commands": {"remote add": "write", "remote": "read"}}}}
    )
    entry = catalogue.program("git")
    assert entry is not None
    remote = entry.merged(entry.commands["remote"])
    assert (remote.spec.kind, remote.merged(remote.commands["add"]).spec.kind) == (Kind.READ, Kind.WRITE)
    assert remote.merged(remote.commands["add"]).name == "git remote add"


def test_harmless_options_are_written_in_short() -> None:
    data: JsonObject = {"programs": {"till": {"flags": "-ab --all", "values": "-w"}, "find": {"dashes": "single"}}}
    till = Catalogue(data).program("till")
    assert till is not None
    assert till.options == {"-a": Spec(), "-b": Spec(), "--all": Spec(), "-w": Spec(takes="text")}


def test_where_options_are_whole_words_a_flag_is_one_name() -> None:
    find = Catalogue({"programs": {"find": {"dashes": "single", "flags": "-print +x"}}}).program("find")
    assert find is not None
    assert list(find.options) == ["-print", "+x"]


def test_an_open_entry_is_open_below() -> None:
    aws = Catalogue({"programs": {"aws": {"open": True, "commands": {"s3": "read"}}}}).program("aws")
    assert aws is not None
    assert aws.merged(aws.commands["s3"]).open


def test_a_code_section_that_is_no_list_is_empty() -> None:
    assert Catalogue({"code": {"x": "text"}}).languages["x"] == ()


def test_the_last_few_catalogues_are_kept() -> None:
    datas: list[JsonObject] = [{"programs": {}} for _ in range(6)]
    made = [compiled(data) for data in datas]
    assert compiled(datas[-1]) is made[-1]
    assert compiled(datas[0]) is not made[0]


def test_every_program_of_the_shipped_catalogue_can_be_called(judging: Judging) -> None:
    programs = judging.catalogue["programs"]
    assert isinstance(programs, dict)
    for names in programs:
        name = names.partition(",")[0]
        facts = judging.shell(f"{name} a b")
        assert facts.actions or facts.unknown, name


def test_a_request_that_is_no_expression_is_refused() -> None:
    with pytest.raises(PolicyError, match="is no expression for a path"):
        Catalogue({"http": {"till": {"calls": {"POST /(": "read"}}}})


def test_a_call_has_the_words_of_its_service_or_its_own() -> None:
    calls = {"POST /a": "write", "POST /b": {"effect": "destroy", "words": "empties the till"}}
    till = Catalogue({"http": {"till": {"words": "changes the till", "calls": calls}}}).services[0]
    assert [call.words for call in till.calls] == ["changes the till", "empties the till"]


def test_a_group_has_the_grave_effect_of_the_group_above_and_not_its_mild_one() -> None:
    catalogue = Catalogue(
        {"programs": {"a": {"effect": "permission", "read": "b c"}, "d": {"effect": "read", "write": "e f"}}}
    )
    grave, mild = catalogue.program("a"), catalogue.program("d")
    assert grave is not None
    assert mild is not None
    assert grave.merged(grave.commands["b"]).spec.kind is Kind.PERMISSION
    assert mild.merged(mild.commands["e"]).spec.kind is None
