"""Patterns: the engine, and each one that is shipped against its own samples."""

from __future__ import annotations

import json
from typing import Any

import pytest

from safety_core.bundle.samples import invented
from safety_core.errors import PolicyError, UnscannableError
from safety_core.match import patterns as module
from safety_core.match import rule
from safety_core.match.layer import Layer, flatten
from safety_core.match.patterns import PatternSet, recipe
from safety_core.model.policy import Pattern
from tests.safety_core.match.conftest import pattern_of, shipped_entries

ENTRIES = shipped_entries()


def found(patterns: PatternSet, text: str) -> list[tuple[str, str]]:
    return [(span.rule, text[span.start : span.end]) for span in patterns.find(Layer(flatten(text)))]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["id"]))
def test_shipped_samples(entry: dict[str, Any]) -> None:
    alone = PatternSet([pattern_of(entry)])
    for sample in entry["must_match"]:
        assert found(alone, f"see {invented(sample)} there"), sample
        assert found(alone, invented(sample)), sample
    for sample in entry.get("must_not_match", []):
        assert not found(alone, invented(sample)), sample


def test_shipped_ids_are_unique_and_every_file_is_free_of_live_looking_tokens(shipped: PatternSet) -> None:
    assert len({entry["id"] for entry in ENTRIES}) == len(ENTRIES) > 700
    for entry in ENTRIES:
        assert entry["must_match"], entry["id"]
        assert entry["must_not_match"], entry["id"]
        hits = [rule for sample in entry["must_match"] for rule, _ in found(shipped, sample)]
        assert not hits, entry["id"]


def test_ordinary_text_and_code_are_left_alone(shipped: PatternSet) -> None:
    text = """
    The password is kept in the vault; a token of thanks. Authorization: Bearer <token>
    password = getpass("Password: "), secret=os.environ["SECRET"], token: str = request.headers["x-token"]
    api_key = settings.api_key  # set API_KEY=your-api-key-here; passwd=$PASSWD; "password": "********"
    https://user:password@example.com/ postgres://${USER}:${PASSWORD}@db/shop
    commit 3f786850e387550fdab836ed7e6dc881de23001b
    """
    assert found(shipped, text) == []


def test_group_entropy_keywords_and_check() -> None:
    plain = Pattern("p", "P", r"key=([a-z]{6,9})", 1)
    assert found(PatternSet([plain]), "key=qwertz key=abc") == [("p", "qwertz")]
    assert found(PatternSet([Pattern("p", "P", r"key=([a-z]{6,9})", 1, min_entropy=2.0)]), "key=aaabbb key=qwertz") == [
        ("p", "qwertz")
    ]
    assert found(PatternSet([Pattern("p", "P", r"[a-z]{6}", keywords=("shop",))]), "qwertz") == []
    assert found(PatternSet([Pattern("p", "P", r"[a-z]{6}", keywords=("shop",))]), "The SHOP qwertz") == [
        ("p", "qwertz")
    ]
    assert found(PatternSet([Pattern("p", "P", r"[0-9]{16}", check="luhn")]), "4539148803436468 4539148803436467") == [
        ("p", "4539148803436467")
    ]
    assert found(PatternSet([Pattern("p", "P", r"x(y?)", 1)]), "x xy") == [("p", "y")]


def test_after_a_match_that_is_none_the_search_goes_on_inside() -> None:
    patterns = PatternSet([Pattern("p", "P", r"token=([^ ]{8,99})", 1, check="assigned")])
    value = invented("{20 alnum}")
    assert found(patterns, f"token=get(token={value}") == [("p", value)]
    assert found(patterns, "token=get_token()") == []


def test_a_value_given_away_by_its_context_is_found_without_it_too() -> None:
    patterns = PatternSet(
        [Pattern("p", "P", r"token=([^ ]{6,99})", 1, check="assigned"), Pattern("q", "Q", "tok_[a-z]{4}")]
    )
    value = invented("{20 alnum}")
    assert found(patterns, f"x{value} {value}, token={value} tok_abcd") == [
        ("p", value),
        ("q", "tok_abcd"),
        ("p", value),
        ("p", value),
    ]
    assert found(
        PatternSet([Pattern("p", "P", r"passwd=([^ ]{6,99})", 1, check="assigned")]), "q4c1a2 passwd=q4c1a2"
    ) == [("p", "q4c1a2")]


def test_a_set_tells_what_is_in_it() -> None:
    given = [Pattern("p", "P", "a"), Pattern("q", "Q", "b")]
    assert PatternSet(given).patterns == tuple(given)
    assert PatternSet(given).ids == {"p", "q"}


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_private_key_that_was_cut_off_ends_where_its_string_does(depth: int, shipped: PatternSet) -> None:
    key = f"-----BEGIN {''}PRIVATE KEY-----\n{invented('{64 base64}')}\n{invented('{}{64 base64}')}"
    document: object = {
        "a": [{"role": "tool", "content": key}, {"role": "user", "content": "go on"}],
        "b": key,
        "c": key,
    }
    for _ in range(depth):
        document = {"x": json.dumps(document)}
    values = [value for rule, value in found(shipped, json.dumps(document)) if rule == "private-key"]
    assert len(values) == 3
    assert not [value for value in values if value[-1] in '\\"}' or "role" in value]


def test_a_private_key_in_the_strings_of_a_program_is_one(shipped: PatternSet) -> None:
    lines = [f"-----BEGIN {''}PRIVATE KEY-----", invented("{64 base64}"), f"-----END {''}PRIVATE KEY-----"]
    for text in (" +\n".join(f'"{line}\\n"' for line in lines), json.dumps(lines)):
        assert [value[-5:] for rule, value in found(shipped, text) if rule == "private-key"] == ["-----"]


def test_no_patterns_and_no_text_find_nothing() -> None:
    assert found(PatternSet([]), "text") == []
    assert found(PatternSet([Pattern("p", "P", "a")]), "") == []


def test_hits_far_apart_and_near_each_other() -> None:
    patterns = PatternSet([Pattern("p", "P", r"tok_[a-z]{4}")])
    text = "tok_abcd tok_efgh" + " " * 2000 + "tok_ijkl"
    assert found(patterns, text) == [("p", "tok_abcd"), ("p", "tok_efgh"), ("p", "tok_ijkl")]


@pytest.mark.parametrize("size", [100, 3000])
def test_long_matches_are_confirmed_whole(size: int) -> None:
    patterns = PatternSet([Pattern("p", "P", r"<k>[a-z]{10,4000}</k>"), Pattern("q", "Q", r"\[[a-z]+\]")])
    assert [rule for rule, _ in found(patterns, f"<k>{'a' * size}</k> [{'b' * size}]")] == ["p", "q"]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (Pattern("p", "P", "a("), "not a regular expression"),
        (Pattern("p", "P", "é"), "not a regular expression"),
        (Pattern("p", "P", "a", 1), "has no group 1"),
        (Pattern("p", "P", "a", check="magic"), "does not exist: magic"),
        (Pattern("p", "P", r"(?|a|b)\K"), "cannot be compiled"),
    ],
)
def test_a_wrong_pattern_is_named(pattern: Pattern, reason: str) -> None:
    with pytest.raises(PolicyError, match="pattern p") as refusal:
        PatternSet([Pattern("good", "Good", "abc"), pattern])
    assert reason in refusal.value.reason


def test_an_expression_that_explodes_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "_SECONDS", 0.02)
    patterns = PatternSet([Pattern("slow", "Slow", r"(?:a|a)*(?:a|a)*(?:a|aa)*(?:aa|a)*b{1,2}[^a]c|ab")])
    with pytest.raises(UnscannableError, match="slow"):
        found(patterns, "a" * 120 + "b")


class Counted:
    """An expression that notes how much it was asked to look at."""

    looked = 0

    def __init__(self, expression: Any) -> None:
        self._expression = expression

    def search(self, flat: bytes, start: int, stop: int, **options: float) -> Any:
        Counted.looked += stop - start
        return self._expression.search(flat, start, stop, **options)


@pytest.mark.parametrize(
    "text", ["tok-a" * 2000, "tok-" * 2000, ("tok-a" * 8 + " ") * 200, "tok-a" * 2000 + " tok-abcd1"]
)
def test_hits_close_together_do_not_look_at_the_same_again_and_again(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = PatternSet([Pattern("p", "P", r"tok-[a-z-]{1,200}[0-9]", 0)])
    compiled = rule._regex
    monkeypatch.setattr(rule, "_regex", lambda expression: Counted(compiled(expression)))
    monkeypatch.setattr(Counted, "looked", 0)
    assert [value[-9:] for _, value in found(patterns, text)] == ["tok-abcd1"] * text.endswith("1")
    assert Counted.looked < 8 * len(text)


def test_a_dumped_set_finds_the_same_without_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    patterns = [Pattern("p", "P", r"tok_[a-z]{4}"), Pattern("q", "Q", r"key=([0-9]{6})", 1)]
    kept = PatternSet(patterns).dump()
    monkeypatch.setattr(module, "_compiled", lambda _patterns: pytest.fail("compiled"))
    assert found(PatternSet(patterns, kept), "tok_abcd key=123456") == [("p", "tok_abcd"), ("q", "123456")]


def test_a_dump_that_is_none_is_left_aside() -> None:
    patterns = [Pattern("p", "P", r"tok_[a-z]{4}")]
    assert found(PatternSet(patterns, b"no database"), "tok_abcd") == [("p", "tok_abcd")]
    assert PatternSet([]).dump() == b""


def test_the_recipe_follows_the_expressions_and_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = recipe([Pattern("p", "P", "abc")])
    assert plain == recipe([Pattern("other", "Other", "abc", check="luhn")])
    assert plain != recipe([Pattern("p", "P", "abd")])
    monkeypatch.setattr(module, "_FLAGS", 0)
    assert plain != recipe([Pattern("p", "P", "abc")])
