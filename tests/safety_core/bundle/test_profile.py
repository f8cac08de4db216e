"""The profile: what a rule may use, and what no rule gets past the check."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety_core.bundle.profile import FUNCTIONS, LINE_LIMIT, MODULE_LIMIT, check_module
from safety_core.bundle.rules import read_head
from safety_core.errors import PolicyError

GOOD = """\
# METADATA
# title: http.send in a comment is no call
package safety.rules.good

import rego.v1

hits contains {"level": "red", "reason": sprintf("says %q and \\"http.send(\\"", [name])} if {
	some action in input.actions
	not contains(action.form, `time.now_ns(`)
	name := lower(object.get(action, "subject", ""))
	name in data.catalogue.risky
	data.hosts["registry"] != name
	_short(name)
	every target in action.targets { (count(target.value) + 1) % 2 == 0 }
	numbers.range(1, 3)[0] <= 1.5e0
}

_short(name) if count(name) < 10

default _never := false
"""


def test_plain_rules_pass() -> None:
    check_module("good.rego", GOOD)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('x := http.send({"url": "http://x"})', "calls http.send"),
        ("x := time.now_ns()", "calls time.now_ns"),
        ("x := time . now_ns ()", "calls time.now_ns"),
        ("x := rand.intn(`a`, 3)", "calls rand.intn"),
        ("x := uuid.rfc4122(``)", "calls uuid.rfc4122"),
        ("x := opa.runtime().env", "calls opa.runtime"),
        ("x := crypto.sha256(`a`)", "calls crypto.sha256"),
        ("x := io.jwt.decode(`a`)", "calls io.jwt.decode"),
        ("x := net.lookup_ip_addr(`a`)", "calls net.lookup_ip_addr"),
        ("x := json.match_schema({}, {})", "calls json.match_schema"),
        ("x if walk(input, [p, v])", "calls walk"),
        ("x if print(1)", "calls print"),
        ("x if nobody_knows(1)", "calls nobody_knows"),
        ('x := http["send"]({})', "calls through brackets"),
        ('x := data["hosts"]', "reads data other"),
        ("x := data.approvers", "reads data other"),
        ("x := data.safety.rules.other.hits", "reads data other"),
        ("x := data[y]", "reads data other"),
        ("x if y with input as {}", "uses with"),
        ("import data.hosts as h", "imports something other"),
        ("import future.keywords", "imports something other"),
        ("import input", "imports something other"),
        ('x := $"{input.a}"', "string interpolation"),
        ("x := $`{input.a}`", "string interpolation"),
        ("count(x) := 1", "defines count"),
        ("x := `never ends", "uses '`'"),
        ('x := "never ends', "uses '\"'"),
        ("x := 1\r", "uses '\\\\r'"),
        ("x := \N{ZERO WIDTH SPACE}1", "outside of the profile"),
        ("x := 1 # " + "a" * LINE_LIMIT, "is longer than 1000 characters"),
    ],
)
def test_everything_else_is_refused_with_its_line(line: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        check_module("bad.rego", f"package a\n\n{line}\n")
    assert caught.value.thing in {"bad.rego:3", "bad.rego"}


def test_a_module_without_end_is_not_read() -> None:
    with pytest.raises(PolicyError, match="is longer than"):
        check_module("long.rego", "\n" * (MODULE_LIMIT + 1))


def test_the_readme_lists_the_functions_and_shows_a_rule_that_passes() -> None:
    text = (Path(__file__).parents[3] / "policies/README.md").read_text()
    listed = text.split("and these:\n\n")[1].split("```text\n")[1].split("```")[0].split()
    assert listed == sorted(FUNCTIONS)
    rule = text.split("```rego\n")[1].split("```")[0]
    check_module("README.md", rule)
    assert read_head("README.md", rule, "deletes").kinds == ("destroy",)


NAMES = st.lists(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=3).map(".".join)
SPACE = st.sampled_from(["", " ", "\t"])


@given(
    name=NAMES, space=SPACE, before=st.sampled_from(["x := ", "x if not ", "x := [y | y := ", "x := {1, ", "x := -"])
)
def test_no_function_is_called_that_is_not_listed(name: str, space: str, before: str) -> None:
    call = f"package a\n{before}{name}{space}(1)\n"
    if name in FUNCTIONS or name.partition(".")[0] in {"not", "in", "if", "some", "every", "else", "as", "import"}:
        return
    with pytest.raises(PolicyError):
        check_module("bad.rego", call)


@given(st.text())
def test_any_text_is_checked_or_refused(text: str) -> None:
    with contextlib.suppress(PolicyError):
        check_module("any.rego", text)
