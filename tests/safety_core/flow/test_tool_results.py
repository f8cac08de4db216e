"""Whose result is it: ids as a host respells them, and notices that nothing ran."""

import json
import re
from pathlib import Path

import pytest

from safety_core.flow.tool_results import NOTICE_LIMIT, ToolResult, says_nothing_ran, spelling_of, spellings

PLUGIN = Path(__file__).parents[3] / "plugins" / "openclaw" / "lib"


@pytest.mark.parametrize(
    ("decided", "sent"),
    [
        ("call_2", "call2"),
        ("call_2|fc_7", "call_2"),
        ("call_2|fc_7", "call2fc7"),
        ("call_2", "call_2|fc_7"),
        ("toolu_01AbC", "toolu_01AbC"),
        ("functions.exec:0", "functions.exec:0"),
        ("x" * 60, "x" * 40),
        ("call_" + "x" * 60, "call_" + "x" * 35),
        ("call_" + "x" * 60, "call" + "x" * 36),
        ("call_2", "call22"),  # its second use
        ("call_2", "call213"),  # its thirteenth
    ],
)
def test_a_respelled_id_is_known_again(decided: str, sent: str) -> None:
    assert set(spellings(decided)) & set(spellings(sent, 20))


@pytest.mark.parametrize(
    ("decided", "sent"),
    [
        ("call_2", "call_3"),
        ("call_2", "call_21"),  # no host numbers from one
        ("call_2", "call_202"),  # nor with a zero in front
        ("call_2", "call_299"),  # nor further than there are results
        ("call_2", ""),
        ("_", "-"),  # nothing is left to compare
        ("call_2", "fc_7|call_2"),
    ],
)
def test_another_id_is_not(decided: str, sent: str) -> None:
    assert not set(spellings(decided)) & set(spellings(sent, 20))


def test_an_id_of_digits_alone_has_no_empty_spelling() -> None:
    assert spellings("7", 20) == ("7",)


@pytest.mark.parametrize(
    "text",
    [
        "aborted",
        "Operation aborted\n",
        "No result provided",
        "Tool frobnicate not found",
        "Skipped to process an incoming message.",
        "Tool execution was blocked before launch.",
        "Tool call blocked because before_tool_call hook failed",
        "[openclaw] missing tool result in session history; inserted synthetic error result for transcript repair.",
        "Safety Gateway: the edge cannot be reached (ECONNREFUSED); start it with `safety edge`",
        "Safety Gateway: the edge did not answer within 65 seconds",
        "Safety Gateway: the edge's answer (status 502) is not a JSON object",
        "Safety Gateway: the edge refused (status 500): edge: internal error. Fix: look into the edge's log",
        "Safety Gateway: the call was cancelled",
        "[Safety Gateway: not written down, because the edge has not been reached yet]",
    ],
)
def test_a_hosts_notice_that_nothing_ran(text: str) -> None:
    assert says_nothing_ran(ToolResult("x", text))


@pytest.mark.parametrize(
    ("file", "words", "rest"),
    [
        ("calls", "the call could not be put to the edge", ""),
        ("calls", "the call was not allowed in this form; the plugin's trusted policy did not see it", ""),
        ("calls", "OpenClaw did not say which agent is calling", ""),
        ("edge", "the call was cancelled", ""),
        ("edge", "the edge did not answer within ", "65 seconds"),
        ("edge", "the edge cannot be reached (", "ECONNREFUSED); start it with `safety edge`"),
        ("edge", "the edge's answer (status ", "502) is not a JSON object"),
        ("edge", "the edge's answer broke off", ""),
        ("edge", "the edge refused (status ", "500)"),
        ("edge", "the token file cannot be read (", "ENOENT)"),
    ],
)
def test_our_plugin_still_writes_the_words_that_are_known(file: str, words: str, rest: str) -> None:
    assert words in (PLUGIN / f"{file}.js").read_text()
    assert says_nothing_ran(ToolResult("x", f"Safety Gateway: {words}{rest}"))


def test_our_plugin_still_withholds_in_the_words_that_are_known() -> None:
    withheld = re.search(r'WITHHELD = "(.*)";', (PLUGIN / "transcripts.js").read_text())
    assert withheld
    assert says_nothing_ran(ToolResult("x", withheld[1]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "total 4\nmenu.txt",
        "aborted: root:x:0:0",
        "Tool a b not found",
        "Safety Gateway: here is the file",
        "Safety Gateway: blocked: root",
        "Safety Gateway: the edge cannot be reached (ECONNREFUSED); start it with `safety edge` root",
        "Safety Gateway: the edge refused (status 500): " + "a" * 301,
        "Safety Gateway: the edge says\nroot:x:0:0",
        "Safety Gateway: the call " + "a" * NOTICE_LIMIT,
    ],
)
def test_what_a_tool_may_have_said_is_no_notice(text: str) -> None:
    assert not says_nothing_ran(ToolResult("x", text))


def about(arguments: object, reasons: str = "  - command: must be text") -> str:
    return f'Validation failed for tool "exec":\n{reasons}\n\nReceived arguments:\n{json.dumps(arguments, indent=2)}'


def test_refused_arguments_are_told_again_and_nothing_else() -> None:
    asked = {"path": "menu.txt", "content": "bread\n" * 1000}
    assert says_nothing_ran(ToolResult("x", about(asked), {**asked}))
    assert not says_nothing_ran(ToolResult("x", about({"path": "other"}), {**asked}))
    assert not says_nothing_ran(ToolResult("x", about(asked)))
    assert not says_nothing_ran(ToolResult("x", about(None)))
    assert not says_nothing_ran(ToolResult("x", about(asked)[:-1], {**asked}))
    assert not says_nothing_ran(ToolResult("x", about(asked, "a" * NOTICE_LIMIT), {**asked}))
    assert not says_nothing_ran(ToolResult("x", 'Validation failed for tool "exec": root:x:0:0', {**asked}))


def test_a_call_without_an_id_goes_by_its_tool_and_arguments() -> None:
    known = spelling_of("exec", {"command": "ls", "n": 1})
    assert known == spelling_of("exec", {"n": 1.0, "command": "ls"})
    assert spellings(known) == (known,)
    others = {spelling_of("exec", {"command": "ls"}), spelling_of("read", {"command": "ls", "n": 1}), known}
    assert len(others) == 3


@pytest.mark.parametrize(("tool", "arguments"), [("", {}), ("exec", {"n": 2**60}), ("exec", {"n": float("nan")})])
def test_what_is_no_call_goes_by_nothing(tool: str, arguments: dict[str, float]) -> None:
    assert spelling_of(tool, {**arguments}) == ""
    assert spellings("") == ()
