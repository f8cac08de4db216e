"""A JSON text as it reads: what the extension accepts, Python accepts, and reads the same."""

from __future__ import annotations

import json
from array import array

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety_core._native import twin
from safety_core._native.engine import TWIN, Engine
from safety_core.errors import InputError
from safety_core.wire.reader import parse_json
from tests.safety_core._native.conftest import ENGINES

every_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
extension = pytest.mark.parametrize("engine", ENGINES[1:], ids=lambda engine: engine.name)

WELL_FORMED = [
    '{"a": "b"}',
    '[1, -0, 2.5e-7, true, false, null, "", {}, []]',
    '"\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/\\b\\f\\r\\t"',
    '{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}',
    ' {"ключ" : "漢字 é 😀" , "\\u0061": 0}\n',
    json.dumps({str(number): number for number in range(200)}),
    "[" * 59 + "]" * 59,
    "0",
]
MALFORMED = [
    *("", " ", "{", "[1,]", '{"a":1,}', '{"a" 1}', "{a:1}", "[1] 2", "01", "1.", "-", "1e", "+1", ".5", "tru", "nul"),
    *(
        "NaN",
        "Infinity",
        "1e999",
        '"a',
        '"\\x"',
        '"\\u12"',
        '"\n"',
        '"\\ud800"',
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
        '{"é": 1, "é": 2}',
        '{"a/": 1, "a\\/": 2}',
    ),
    *(
        "[" * 70 + "]" * 70,
        "'a'",
        "\ufeff1",
        "1" * 5000,
        '{"é":1,"\\u00e9":2}',
        '{"😀":1,"\\ud83d\\ude00":2}',
        "{1:2}",
        "[1}",
    ),
]


@extension
@pytest.mark.parametrize("text", WELL_FORMED)
def test_well_formed_json_is_read(engine: Engine, text: str) -> None:
    raw = text.encode()
    assert engine.json_view(raw, True) == twin.json_view(raw, False)
    assert engine.json_trail(raw) == twin.json_trail(raw)


@pytest.mark.parametrize("text", ['{"a":[1,{"b":0.5}]}', '{"a": "\\n/", "ключ": []}', "[" * 60 + "]" * 60, "1e300"])
def test_the_twin_reads_what_is_plain(text: str) -> None:
    assert twin.json_view(text.encode(), True) == twin.json_view(text.encode(), False)


@every_engine
@pytest.mark.parametrize("text", MALFORMED)
def test_everything_else_is_left_to_python(engine: Engine, text: str) -> None:
    assert engine.json_view(text.encode(), True) is None
    with pytest.raises(InputError):
        parse_json(text, "text")


@every_engine
@pytest.mark.parametrize(
    "raw", [b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xe2\x82"', b"\xef\xbb\xbf1"]
)
def test_what_is_not_utf_8_is_left_to_python(engine: Engine, raw: bytes) -> None:
    assert engine.json_view(raw, True) is None


@extension
def test_half_surrogates_are_read_where_nothing_is_strict(engine: Engine) -> None:
    raw = '["\\ud83d", "\ud83d"]'.encode("utf-8", "surrogatepass")
    assert engine.json_view(raw, False) == twin.json_view(raw, False) == b'["\x01", "\x01"]'


@every_engine
def test_the_trail_leads_back_to_characters_of_the_text(engine: Engine) -> None:
    raw = '["é\\n\\u00e9x"]'.encode()
    trail = engine.json_trail(raw)
    assert trail is not None
    assert array("I", trail).tolist() == [3, 4, 3, 5, 4, 5, 5, 11]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=20,
)


@extension
@settings(max_examples=400)
@given(value=JSON, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_whatever_json_writes_is_read_alike(
    engine: Engine, value: object, *, ascii_only: bool, indent: int | None
) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    view = engine.json_view(raw, True)
    assert view in {None, twin.json_view(raw, False)}
    assert engine.json_view(raw, False) == view
    assert engine.json_trail(raw) in ({None} if view is None else {twin.json_trail(raw)})


PIECES = st.sampled_from(
    [
        *'{}[]:,"\\',
        '"a"',
        '"\\u0061"',
        '"é"',
        "0",
        "1",
        "-",
        ".",
        "e",
        "true",
        "nul",
        " ",
        "\n",
        "\\u",
        "\\ud83d",
        '{"a":',
        "[1,",
    ]
)


@every_engine
@settings(max_examples=1500)
@given(parts=st.lists(PIECES, max_size=14))
@example(parts=['{"a":', "1", ",", '"\\u0061"', ":", "1", "}"])
def test_what_it_accepts_python_accepts(engine: Engine, parts: list[str]) -> None:
    text = "".join(parts)
    view = engine.json_view(text.encode(), True)
    try:
        parse_json(text, "text")
    except InputError:
        assert view is None
    else:
        assert view == twin.json_view(text.encode(), False) or (
            view is None and ("\\u" if engine is TWIN else "e") in text
        )
