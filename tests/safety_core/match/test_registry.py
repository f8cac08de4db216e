"""Known secrets are found whatever they are dressed in, and only they."""

from __future__ import annotations

import base64
import codecs
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.samples import invented
from safety_core.match import extent
from safety_core.match.layer import Layer, flatten, squeeze
from safety_core.match.matcher import Matcher
from safety_core.match.needles import core_of, needles_of
from safety_core.match.patterns import PatternSet
from safety_core.match.registry import Registry
from safety_core.model.secret import SecretName, SecretValue
from tests.safety_core.match.conftest import ALL, FOREIGN, KEY, PHRASE, QUOTED, TOKEN, URL, registry


def found(known: Registry, text: str) -> list[tuple[str, str, str]]:
    return [(str(span.name), span.rule, text[span.start : span.end]) for span in known.find(Layer(flatten(text)))]


@pytest.mark.parametrize("name", ALL)
def test_as_it_is(name: str) -> None:
    assert found(registry(**ALL), f"look at {ALL[name]}, and go") == [(name, "registered", ALL[name])]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("registered", " ".join(KEY)),
        ("registered", "-".join(KEY)),
        ("registered", f"{KEY[:9]}\n{KEY[9:]}"),
        ("registered-base64", base64.b64encode(KEY.encode()).decode()),
        ("registered-base64", base64.b64encode(b"x" + KEY.encode()).decode()),
        ("registered-base64", base64.b64encode(b"the key is: " + KEY.encode() + b" as they say").decode()),
        ("registered-base64", base64.urlsafe_b64encode(b"??" + KEY.encode() + b">>>").decode()),
        ("registered-base32", base64.b32encode(KEY.encode()).decode()),
        ("registered-hex", KEY.encode().hex()),
        ("registered-hex", KEY.encode().hex(":").upper()),
        ("registered-decimal", ",".join(map(str, KEY.encode()))),
        ("registered-ascii85", base64.a85encode(KEY.encode()).decode()),
        ("registered-base85", base64.b85encode(KEY.encode()).decode()),
        ("registered-rot13", codecs.encode(KEY, "rot13")),
        ("registered-reversed", KEY[::-1]),
    ],
)
def test_encoded(form: str, text: str) -> None:
    assert found(registry(KEY=KEY), f"it says\t{text}\nthere") == [("KEY", form, text)]


@pytest.mark.parametrize("value", ["Zq7%40kd-Wm2%26pt9", "Zq7\\nkd-Wm2\\\\bpt94x", "Zq7&amp;kd-Wm2-pt94x"])
def test_a_secret_that_looks_escaped_is_found_in_a_text_whose_escapes_are_undone(value: str) -> None:
    engine = Matcher(registry(VALUE=value), PatternSet(()))
    for text in (value, f"{value[:2]}<b>{value[2:]}", f"{value[:1]}%{ord(value[1]):02x}{value[2:]}"):
        assert [(span.name, text[span.start : span.end]) for span in engine.spans(text)] == [("VALUE", text)]


def test_a_long_secret_that_looks_escaped_has_one_form_of_which_no_part_is_missing() -> None:
    middle = " ".join([invented("{60 alnum}")] * 5)
    plain = [needle.squeezed for needle in needles_of(f"%41 {middle} %42") if not needle.form]
    assert plain == [squeeze(flatten(f"41{middle}42"))]


def test_what_a_secret_comes_to_undone_is_a_needle_only_where_it_is_long_enough() -> None:
    assert "abc" not in {needle.squeezed.decode() for needle in needles_of("%61%62%63")}


def test_the_whole_encoded_message_goes() -> None:
    message = base64.b64encode(b"my key " + TOKEN.encode() + b" is secret").decode()
    assert found(registry(TOKEN=TOKEN), f'data="{message}"') == [("TOKEN", "registered-base64", message)]


def test_what_many_secrets_have_in_common_is_no_piece_of_each() -> None:
    head = invented("{10 lower}")
    values = {f"S{number}": head + invented("{}" * number + "{24 lower}") for number in range(40)}
    known = registry(**values)
    hits = known._index.needles.find(squeeze(flatten(f"{head} " * 50)))
    assert len(hits) <= 4 * 50
    for name, value in values.items():
        assert found(known, f"it is {value}") == [(name, "registered", value)]
        assert [hit[:2] for hit in found(known, f"it is {value[10:]}")] == [(name, "registered-piece")]


def test_a_run_with_many_pieces_in_it_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    run_end = extent.run_end

    def noted(word: bytes, flat: bytes, end: int) -> int:
        measured.append(end)
        return run_end(word, flat, end)

    monkeypatch.setattr(extent, "run_end", noted)
    run = "x" * 600 + TOKEN[:14] * 300
    assert found(registry(TOKEN=TOKEN), f"a {run} b {run}") == [("TOKEN", "registered-piece", run)] * 2
    assert len(measured) == 2


def test_half_of_a_long_secret_is_found_with_the_word_around_it() -> None:
    half = TOKEN[:24]
    assert found(registry(TOKEN=TOKEN), f"first half x{half} of it") == [("TOKEN", "registered-piece", "x" + half)]


def test_what_many_secrets_share_is_no_piece_of_one() -> None:
    known = registry(URL="postgres://production:" + TOKEN + "@database.internal.example:5432/production")
    assert found(known, "postgres://production: at database.internal.example:5432/production") == []
    assert core_of(f"-----BEGIN KEY-----\n{TOKEN}\n-----END KEY-----").strip() == TOKEN
    token = invented("{jwt}")
    assert core_of(token) == token.split(".", 1)[1]


def test_pieces_of_a_very_long_secret_are_bounded() -> None:
    assert len([n for n in needles_of(invented("{3000 alnum}")) if n.form == "piece"]) <= 48
    assert not [n for n in needles_of("abcabcabcabcabcabcabcabcabcabc") if n.form == "piece"]


def test_marks_at_the_ends_belong_to_it_and_may_be_missing() -> None:
    known = registry(PHRASE="!!" + PHRASE)
    assert found(known, f"({'!!' + PHRASE})")[0][2] == "!!" + PHRASE
    assert found(known, f"({PHRASE[:-1]})")[0][2] == PHRASE[:-1]
    assert found(known, f"say {PHRASE[::-1]}!")[0][2] == PHRASE[::-1] + "!"
    assert found(registry(QUOTED=QUOTED), f"<{QUOTED}>")[0][2] == QUOTED


def test_escaped_backslashes_at_the_ends_go_whole() -> None:
    value = "\\" + KEY + "\\"
    for depth in (1, 2, 4):
        text = f'"{value.replace(chr(92), chr(92) * depth)}"'
        assert found(registry(EDGY=value), text)[0][2] == text[1:-1]
    assert found(registry(EDGY=value), f'{value}\\\\"')[0][2] == value + "\\"


def test_a_short_secret_is_found_exactly_only() -> None:
    known = registry(SHORT="hunt3r7", FOREIGN="тайна7")
    assert found(known, "is hunt3r7 it") == [("SHORT", "registered", "hunt3r7")]
    assert found(known, "is тайна7 it") == [("FOREIGN", "registered", "тайна7")]
    assert found(known, "is h-u-n-t-3-r-7 or HUNT3R7 it") == []
    assert found(known, "686 " + b"hunt3r7".hex()) == [("SHORT", "registered-hex", b"hunt3r7".hex())]


def test_values_without_substance_are_left_out() -> None:
    assert found(registry(EMPTY="", TINY="abc"), "abc abc") == []


def test_look_alikes_do_not_hide_it() -> None:
    assert found(registry(FOREIGN=FOREIGN), FOREIGN.replace("о", "o"))[0][0] == "FOREIGN"


def test_adding_and_removing() -> None:
    base = registry(KEY=KEY)
    grown = base.with_secret(SecretName("TOKEN"), SecretValue(TOKEN))
    text = f"{KEY} {TOKEN} {PHRASE}"
    assert [name for name, _, _ in found(base, text)] == ["KEY"]
    assert [name for name, _, _ in found(grown, text)] == ["KEY", "TOKEN"]
    assert (len(base), len(grown), "KEY" in grown, "TOKEN" in grown) == (1, 2, True, True)
    rotated = grown.with_secret(SecretName("TOKEN"), SecretValue(PHRASE)).with_secret(
        SecretName("MORE"), SecretValue(URL)
    )
    assert [(name, value) for name, _, value in found(rotated, f"{text} {URL}")] == [
        ("KEY", KEY),
        ("TOKEN", PHRASE),
        ("MORE", URL),
    ]
    assert found(rotated.without(SecretName("TOKEN")).without(SecretName("KEY")), text) == []
    again = grown.without(SecretName("KEY")).with_secret(SecretName("KEY"), SecretValue(URL))
    assert [name for name, _, _ in found(again, f"{KEY} {URL}")] == ["KEY"]


def test_a_snapshot_does_not_see_what_came_later() -> None:
    base = registry(KEY=KEY)
    first = base.with_secret(SecretName("TOKEN"), SecretValue(TOKEN))
    other = base.with_secret(SecretName("TOKEN"), SecretValue(PHRASE))
    assert [found(known, f"{TOKEN} {PHRASE}") for known in (base, first, other)] == [
        [],
        [("TOKEN", "registered", TOKEN)],
        [("TOKEN", "registered", PHRASE)],
    ]
    assert SecretName("TOKEN") in first
    assert SecretName("TOKEN") not in base
    assert 7 not in base


def test_short_secrets_come_and_go_too() -> None:
    base = registry(KEY=KEY)
    grown = base.with_secret(SecretName("SHORT"), SecretValue("hunt3r7"))
    assert [found(known, "is hunt3r7") for known in (base, grown, grown.without(SecretName("SHORT")))] == [
        [],
        [("SHORT", "registered", "hunt3r7")],
        [],
    ]


def test_what_was_forgotten_does_not_pile_up() -> None:
    known = registry(KEY=KEY)
    for turn in range(300):
        known = known.with_secret(SecretName("TURN"), SecretValue(invented(f"{{20 alnum}}{turn}")))
    assert len(known) == 2
    assert len(known._index.names) < 260
    assert [name for name, _, _ in found(known, f"{KEY} {invented('{20 alnum}299')}")] == ["KEY", "TURN"]


def test_a_needle_that_goes_on_otherwise_is_none() -> None:
    known = registry(HEX=TOKEN)
    middle = TOKEN.encode().hex()[20:60]
    assert found(known, f"a dump {middle} of it") == []


def test_threads_may_search_at_once() -> None:
    known = registry(**ALL)
    text = f"{KEY} and {TOKEN} " * 200
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(len(found(known, text)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [400] * 4


@given(st.text(max_size=200))
def test_nothing_else_is_found(text: str) -> None:
    assert found(registry(**ALL), text) == []
