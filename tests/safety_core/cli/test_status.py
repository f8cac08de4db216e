"""`safety status` shows what the edge says, and says where there is no edge."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from safety_core.cli.main import run
from safety_core.cli.status import ask, show
from safety_core.errors import InputError, UnavailableError

ANSWER: dict[str, Any] = {
    "version": "1",
    "tenant": "bakery[bold]",
    "policy": {"state": "none", "detail": "no trusted policy is in force"},
    "layers": [{"layer": "sandbox", "state": "unknown", "detail": "not checked"}],
    "approvals": {"pending": 2, "unsent": 1},
    "executions": {"unknown": 1},
    "audit": {"entries": 7},
    "secrets": 3,
    "hub": {"url": ""},
    "tasks": [
        {"task": "policy", "ok": False, "last_done": 1.0, "trouble": "hub: did not answer"},
        {"task": "usage", "ok": True, "last_done": None, "trouble": ""},
        {"task": "heartbeat", "ok": True, "last_done": 1.0, "trouble": ""},
    ],
    "plugins": [
        {
            "agent": "main",
            "plugin": "openclaw",
            "version": "1.0",
            "seconds_ago": 2.0,
            "state": "incomplete",
            "reason": "copy full of its plugin has not registered before_tool_call",
            "fired": {"before_tool_call": 3, "gateway_start": 1},
            "memory": 3 * 1024 * 1024,
        },
        {"agent": "support", "state": "missing", "reason": "its plugin has not checked in"},
    ],
    "interlock": {
        "mode": "observe",
        "guarded": ["main", "support"],
        "refused": 0,
        "observed": 4,
        "last": "agent main: this run was not announced",
        "usage_differences": 2,
        "prefixes": [
            {"agent": "main", "broken": 3, "by_redaction": 1, "last": "tool `exec` was added"},
            {"agent": "support", "broken": 0, "by_redaction": 0, "last": ""},
        ],
        "calls": {"foreseen": 5, "changed": 1, "unforeseen": 0, "unreported": 3},
    },
    "posture": {"at": 1, "uid": 1001, "results": {"dns_udp": "open", "icmp": "blocked"}},
    "budgets": [
        {"agent": "main", "budget": "tokens_per_day", "spent": 40, "held": 0, "limit": 40, "percent": 100},
        {"agent": None, "budget": "usd_per_month", "spent": 4_000_000_000, "limit": 25_000_000_000, "percent": 16},
    ],
    "halted": [
        {"agent": "*", "since": 1.0, "reason": ""},
        {"agent": "main", "since": 1.0, "reason": "odd mails"},
    ],
}


def test_everything_is_on_the_screen_as_it_is() -> None:
    screen = io.StringIO()
    show(ANSWER, Console(file=screen, width=200))
    shown = screen.getvalue()
    for words in (
        "bakery[bold]",
        "none  no trusted policy is in force",
        "2 pending, 1 not yet at the hub",
        "1 were cut off",
        "7 entries",
        "fails  hub: did not answer",
        "not done yet",
        "min ago",
        "openclaw 1.0 guards main, 3.0 MiB, 4 hooks fired, copy full of its plugin has not registered before_tool_call",
        "missing  guards support, its plugin has not checked in",
        "observe  guards main, support; 4 observed; 2 times a host counted other tokens; ",
        "calls reported otherwise than proposed: 1; ",
        "calls proposed and never reported: 3; last: agent main",
        "containment  stale, run safety doctor again: open: dns_udp (1 blocked), tried as uid 1001 ",
        "cache        the prompt prefix of main broke 3 times, 1 by redaction; last: tool `exec` was added",
        "every agent, ",
        "min ago: odd mails",
        "not checked",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (None, "7 entries, not read through yet"),
        ({"at": 1.0, "damage": []}, "7 entries, which held "),
        ({"at": 1.0, "damage": ["entry 3: the entry was changed"]}, "7 entries, which do not hold: entry 3: the entry"),
    ],
)
def test_the_audit_log_is_told_as_it_was_found(read: dict[str, Any] | None, words: str) -> None:
    screen = io.StringIO()
    show({**ANSWER, "audit": {"entries": 7, "read": read}}, Console(file=screen, width=200))
    assert words in screen.getvalue()


def test_containment_that_was_never_tried_is_unknown() -> None:
    screen = io.StringIO()
    show({**ANSWER, "posture": None}, Console(file=screen, width=200))
    assert "containment  unknown  never tried; run `safety doctor`" in screen.getvalue()


def test_what_confines_commands_is_shown_and_what_this_machine_lacks() -> None:
    def shown(**commands: object) -> str:
        screen = io.StringIO()
        show({**ANSWER, "commands": commands}, Console(file=screen, width=200))  # type: ignore[dict-item]
        return screen.getvalue()

    held = shown(
        confine="enforce", held="Landlock 4, namespaces", lacking=["Landlock 6: commands reach abstract sockets"]
    )
    assert "commands" in held
    assert "enforce  held by Landlock 4, namespaces; without Landlock 6: commands reach abstract sockets" in held
    assert "off  they may do what the edge's user may" in shown(confine="off", held="", lacking=[])


def test_a_forward_proxy_is_shown_where_there_is_one() -> None:
    screen = io.StringIO()
    forward = {"allowed": 5, "refused": 2, "open": 1, "last": "other.test:443: is not listed"}
    show({**ANSWER, "forward": forward}, Console(file=screen, width=200))
    shown = "forward proxy  on  5 allowed, 2 refused, 1 open; last refused: other.test:443: is not listed"
    assert shown in screen.getvalue()
    screen = io.StringIO()
    show({**ANSWER, "forward": None}, Console(file=screen, width=200))
    assert "forward" not in screen.getvalue()


def test_who_reaches_which_models_is_shown_and_which_key_is_missing() -> None:
    providers = [
        {"provider": "openai", "to": "https://api.openai.com", "key": "OPENAI_API_KEY", "missing": True},
        {"provider": "house", "to": "http://127.0.0.1:9", "key": ""},
    ]
    screen = io.StringIO()
    egress = {"providers": providers, "clients": ["shop", "git"]}
    budget = {"agent": "main", "budget": "usd_per_day", "spent": 4_200_000, "limit": 4_000_000, "percent": 105}
    show({**ANSWER, "egress": egress, "budgets": [budget]}, Console(file=screen, width=200))
    shown = screen.getvalue()
    missing = "openai: https://api.openai.com, with OPENAI_API_KEY: safety secret set OPENAI_API_KEY "
    for words in (
        missing,
        "house: http://127.0.0.1:9, without a key ",
        "shop, git ",
        "0.0042 of 0.0040 dollars (105%)",
    ):
        assert words in shown


def test_an_answer_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"status\.policy"):
        show({"tenant": "bakery"}, Console(file=io.StringIO()))


def test_without_an_edge_it_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnavailableError, match="safety edge"):
        ask(tmp_path / "none.sock")
    assert run(["status", "--socket", str(tmp_path / "none.sock")]) == 1
    assert "is not running" in capsys.readouterr().err


def test_canaries_that_were_seen_and_secrets_that_end_are_shown() -> None:
    screen = io.StringIO()
    canaries = [{"name": "old_backup_key", "times": 3, "last": 0.0}]
    ending = [{"name": "shop_key", "expires": 0.0}, {"name": "mail_key", "expires": 4e9}]
    show({**ANSWER, "canaries": canaries, "ending": ending}, Console(file=screen, width=200))
    shown = screen.getvalue()
    assert "the canary old_backup_key was seen 3 times, last " in shown
    assert "shop_key expired on 1970-01-01 00:00 UTC: safety secret rotate" in shown
    assert "mail_key expires on 2096-10-02 07:06 UTC: safety secret rotate" in shown
