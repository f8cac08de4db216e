"""For all requests: what leaves is what came, but for the spans of secrets, however the client writes its JSON."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from safety_core.model.record import Event
from tests.safety_core.flow.prompts import PASSWORD, TOKEN, answer, done, prompt
from tests.simulators.prompt_world import PromptWorld

MARK = "\x00"
"""Where a secret will stand; no JSON text can hold it."""

SPACE = st.sampled_from(["", "", " ", "\n", "\t", "\r\n  "])
NUMBERS = st.sampled_from(
    ["0", "-0", "1", "1.0", "1.00", "0.10", "1e5", "1E+05", "-1.5e-7", "123456789012345678901234567890"]
)
LITERALS = st.sampled_from(["true", "false", "null", "[]", "{}", "[ ]"])
ATOMS = st.sampled_from(
    [
        "bread",
        " ",
        "Käse",
        "東京",
        "\\n",
        "\\t",
        "\\/",
        "/",
        "\\u00e9",
        "\\u00E9",
        "\\ud83e\\udd50",
        "🥐",
        "{",
        "],",
        "\\\\",
    ]
)
TEXTS = st.lists(ATOMS, max_size=4).map("".join)
PLANTED = st.tuples(TEXTS, TEXTS).map(lambda ends: f"{ends[0]} {MARK} {ends[1]}")
STRINGS = (TEXTS | PLANTED).map('"{}"'.format)


def escaped(secret: str, places: list[bool]) -> str:
    """Return the secret as JSON may spell it: some of its letters as escapes."""
    chosen = [*places, *[False] * len(secret)]
    return "".join(f"\\u{ord(sign):04x}" if odd else sign for sign, odd in zip(secret, chosen, strict=False))


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    space = draw(SPACE)
    names = draw(st.lists(st.sampled_from(["a", "größe", "x\\u0079", "cache_control", "z.z"]), max_size=3, unique=True))
    members = [f'{draw(SPACE)}"{name}"{space}:{draw(SPACE)}{draw(inner)}{space}' for name in names]
    return "{" + ",".join(members) + "}"


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    space = draw(SPACE)
    return "[" + ",".join(f"{space}{item}{draw(SPACE)}" for item in draw(st.lists(inner, max_size=3))) + "]"


VALUES = st.recursive(STRINGS | NUMBERS | LITERALS, lambda inner: objects(inner) | arrays(inner), max_leaves=8)


@given(VALUES, VALUES, SPACE, st.sampled_from([PASSWORD, TOKEN]), st.lists(st.booleans(), max_size=18))
def test_only_the_spans_of_secrets_differ(first: str, second: str, space: str, secret: str, places: list[bool]) -> None:
    written = f'{space}{{"model":{space}"m-1","x-first":{first}{space},"messages":[{second}]}}{space}'
    body = written.replace(MARK, escaped(secret, places)).encode()
    place = PromptWorld(chunks=[answer()])
    exchange = done(place, replace(prompt(), body=body))
    assert exchange.rule == ""
    name = "DB_PASSWORD" if secret == PASSWORD else "DEPLOY_TOKEN"
    assert place.sent[0].request.body == written.replace(MARK, f"SECRET_REF({name})").encode()
    (entry,) = [entry for entry in place.log if entry.event is Event.PROMPT]
    assert entry.counts["findings"] == written.count(MARK)
