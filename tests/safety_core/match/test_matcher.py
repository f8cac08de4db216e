"""All detectors together."""

from __future__ import annotations

import base64
import gzip
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.samples import invented
from safety_core.errors import UnscannableError
from safety_core.match import matcher as module
from safety_core.match.matcher import Matcher
from safety_core.match.patterns import PatternSet
from safety_core.model.finding import FindingKind
from safety_core.model.policy import Pattern
from tests.safety_core.match.conftest import ALL, KEY, TOKEN, matcher, registry


def seen(engine: Matcher, text: str) -> list[tuple[str, str]]:
    return [(span.rule, text[span.start : span.end]) for span in engine.spans(text)]


def twice(text: str) -> str:
    return base64.b64encode(base64.b64encode(text.encode())).decode()


@pytest.mark.parametrize(
    "text",
    [
        twice(f"the key is {KEY}"),
        base64.b64encode(twice(KEY).encode()).decode(),
        base64.b64encode(gzip.compress(f"the key is {KEY}".encode(), mtime=0)).decode(),
        base64.b64encode(KEY.encode("utf-16-le")).decode(),
        base64.b64encode(KEY[::-1].encode()).decode(),
        urllib.parse.quote(urllib.parse.quote("".join(f"%{ord(mark):x}" for mark in KEY))),
        "".join(f"\\u{ord(mark):04x}" for mark in KEY),
        "".join(f"%{ord(mark):02x}" if index % 2 else mark for index, mark in enumerate(KEY)),
    ],
)
def test_nested_and_escaped_secrets_go_whole(text: str) -> None:
    engine = matcher(KEY=KEY)
    spans = engine.spans(f"it is {text}\nindeed")
    assert [(span.name, span.start, span.end) for span in spans] == [("KEY", 6, 6 + len(text))]


def test_deeper_escapes_are_undone_to_a_bound() -> None:
    text = KEY
    for _ in range(3):
        text = "".join(f"&#{ord(mark)};" for mark in text)
    assert seen(matcher(KEY=KEY), f"{text} &#38;#38;") == [("registered", text)]


def test_placeholders_are_never_matched_and_nothing_matches_across_them() -> None:
    engine = matcher([Pattern("p", "P", r"pass=[^ ]{4,40}")], KEY=KEY, REF="SECRET_REF", NAME="found_p_01234567")
    assert seen(engine, "SECRET_REF(found_p_01234567) pass=SECRET_REF(found_p_01234567)") == []
    assert seen(engine, "SECRET_REF(found_unknown_01234567)") == []
    assert seen(engine, f"{KEY[:7]}SECRET_REF(KEY){KEY[7:14]}") == []
    assert seen(engine, f"SECRET_REF(KEY){KEY}SECRET_REF(NAME)") == [("registered", KEY)]


@pytest.mark.parametrize("form", ["SECRET_REF({})", "SECRET_REF(found_{}_01234567)", "\uff33ECRET_REF({})"])
def test_a_secret_dressed_up_as_a_placeholder_is_found(form: str) -> None:
    assert seen(matcher(KEY=KEY), form.format(KEY)) == [("registered", KEY)]


EXTRA = invented("{}{}{}{}{}{64 base64}")
LINES = [invented("{64 base64}"), invented("{}{64 base64}"), invented("{}{}{64 base64}"), invented("{}{}{}{64 base64}")]
PEM = ["-----BEGIN " + "PRIVATE KEY-----", *LINES, "-----END " + "PRIVATE KEY-----"]


@pytest.mark.parametrize(
    "inside", ["SECRET_REF(KEY)", KEY, f"SECRET_REF(KEY)\n{KEY}", "SECRET_REF(KEY)\nab\nSECRET_REF(KEY)"]
)
def test_a_placeholder_in_a_private_key_does_not_give_away_the_rest(inside: str, shipped: PatternSet) -> None:
    engine = Matcher(registry(KEY=KEY), shipped)
    text = "\n".join([*PEM[:3], inside, *PEM[3:]])
    left, at = "", 0
    for span in engine.spans(text):
        left, at = left + text[at : span.start], span.end
    assert not [line for line in [*LINES, EXTRA] if line[:12] in left + text[at:]]


def test_what_a_name_promises_ends_at_a_placeholder(shipped: PatternSet) -> None:
    assert seen(Matcher(registry(KEY=KEY), shipped), "password=SECRET_REF(KEY)/a1b2c3d4e5") == []


def test_the_last_part_of_a_token_is_found_behind_a_placeholder() -> None:
    assert seen(matcher(KEY=KEY), f"{KEY}.{TOKEN}") == [("registered", KEY), ("unknown", TOKEN)]


def test_the_boundary_cannot_be_written() -> None:
    assert seen(matcher(KEY=KEY), f"{KEY[:10]}\ufdd0{KEY[10:]}") == [("registered", f"{KEY[:10]}\ufdd0{KEY[10:]}")]


VALUE = invented("{24 alnum}")


@pytest.mark.parametrize(
    "text",
    [f"SHOP_PASSWORD={VALUE}", f'password: "{VALUE}"', "password=hunter2x", f"https://shop:{VALUE}@db.example/shop"],
)
def test_a_value_in_context_ends_where_a_decoded_run_or_a_placeholder_does(text: str, shipped: PatternSet) -> None:
    engine = Matcher(registry(KEY=KEY), shipped)
    for run in (base64.b64encode(text.encode()).decode(), text.encode().hex()):
        assert [span.end for span in engine.spans(f"see {run} there")] == [4 + len(run)]
    assert [span.start for span in engine.spans(f"{text}SECRET_REF(KEY)")] == [
        span.start for span in engine.spans(f"{text}\n")
    ]
    assert engine.spans(f"{text}SECRET_REF(KEY)")


def test_what_lies_in_two_encoded_runs_is_not_one_find() -> None:
    engine = matcher([Pattern("pair", "Pair", r"left.{1,4}right")])
    runs = [base64.b64encode(part).decode() for part in (b"some more words left", b"right and some words")]
    assert seen(engine, " ".join(runs)) == []
    assert seen(engine, "left : right") == [("pair", "left : right")]


def test_what_is_left_of_a_loser_is_looked_at_again() -> None:
    engine = matcher(
        [Pattern("line", "Line", r"<[A-Za-z0-9 ]{4,80}>"), Pattern("word", "Word", r"zq[a-z]{4}")], KEY=KEY
    )
    assert seen(engine, f"<{KEY} zqabcd>") == [("registered", KEY), ("word", "zqabcd")]


def test_all_three_kinds_in_order() -> None:
    engine = matcher([Pattern("p", "P", r"tok_[a-z]{4}")], KEY=KEY)
    kinds = [span.kind for span in engine.spans(f"{TOKEN} tok_abcd {KEY}")]
    assert kinds == [FindingKind.UNKNOWN, FindingKind.PATTERN, FindingKind.REGISTERED]


def test_a_text_that_never_comes_to_rest_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PASSES", 1)
    with pytest.raises(UnscannableError, match="passes"):
        matcher(KEY=KEY).spans(KEY)


def test_a_long_row_of_tokens_comes_to_rest() -> None:
    engine = matcher([Pattern("p", "P", r"(?<![a-z0-9])zq[a-z0-9]{8}")], KEY=KEY)
    row = "zq123456ab" * 400
    (first, *_, last) = spans = engine.spans(f"a {row} {KEY} b")
    assert (first.start, last.end) == (2, 2 + len(row) + 1 + len(KEY))
    assert len(spans) < 10
    assert all(left.end <= right.start for left, right in pairwise(spans))


PARTS = st.sampled_from(
    [*ALL.values(), "SECRET_REF(KEY)", " ", "\n", "x", "password=", '"', "%41", "<b>", invented("{30 alnum}")]
)


@given(st.lists(PARTS | st.text(max_size=8), max_size=12).map("".join))
def test_redacting_again_changes_nothing_and_no_known_secret_stays(text: str) -> None:
    engine = Matcher(registry(**ALL), PATTERNS)
    left, at = "", 0
    for span in engine.spans(text):
        assert at <= span.start < span.end <= len(text)
        left, at = left + text[at : span.start] + "SECRET_REF(KEY)", span.end
    left += text[at:]
    assert engine.spans(left) == ()
    assert not [name for name, value in ALL.items() if value in left]


PATTERNS = PatternSet(
    [Pattern("password", "Password", r"password=([^ ]{4,60})", 1), Pattern("q", "Quoted", '"[^"]{5,20}"')]
)
