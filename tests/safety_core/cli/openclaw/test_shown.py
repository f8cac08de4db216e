"""The diff that a person sees names every change and shows no secret."""

from __future__ import annotations

import secrets

import pytest

from safety_core.canonical import Json
from safety_core.cli.openclaw.shown import Mask, diff


@pytest.mark.parametrize(
    "path",
    [
        ("models", "providers", "openai", "apiKey"),
        ("models", "providers", "openai", "headers", "x-anything"),
        ("gateway", "auth", "token"),
        ("gateway", "auth", "password"),
        ("env", "vars", "SOMETHING"),
        ("channels", "telegram", "botToken"),
        ("channels", "slack", "signingSecret"),
        ("agents", "defaults", "sandbox", "ssh", "identityData"),
        ("skills", "entries", "x", "env", "SOME_KEY"),
    ],
)
def test_a_secret_is_hidden_wherever_configurations_hold_one(path: tuple[str, ...]) -> None:
    value = secrets.token_hex(12)
    old: Json = [value] if path[-1] == "botToken" else value
    for name in reversed(path):
        old = {name: old}
    assert isinstance(old, dict)
    shown = diff(old, {}, "openclaw.json")
    assert value not in shown
    assert "hidden-1" in shown


def test_a_changed_secret_is_seen_to_change() -> None:
    shown = diff({"apiKey": "one"}, {"apiKey": "two"}, "openclaw.json")
    assert '-  "apiKey": "hidden-1"' in shown
    assert '+  "apiKey": "hidden-2"' in shown


def test_what_is_no_secret_is_shown() -> None:
    tree: Json = {
        "secrets": {"providers": {"safety-main": {"source": "file", "path": "/somewhere/main.token"}}},
        "models": {"apiKey": {"source": "file", "provider": "safety-main", "id": "value"}, "maxTokens": 5},
        "env": {"vars": {"OPENCLAW_TRAJECTORY": "0", "OTHER": "${OTHER}"}},
    }
    assert Mask().hide(tree) == tree


def test_user_and_password_in_an_address_are_hidden() -> None:
    assert Mask().hide("http://user:pw@proxy:3128/x") == "http://hidden@proxy:3128/x"


def test_what_was_hidden_is_struck_out_of_other_texts() -> None:
    mask = Mask()
    mask.hide({"token": "plainly-invented"})
    assert mask.strike("expected 5, got plainly-invented") == "expected 5, got hidden-1"


def test_a_name_cannot_move_the_cursor() -> None:
    assert "\x1b" not in diff({}, {"a\x1b[2J": 1}, "openclaw.json")
    assert "\u202e" not in diff({}, {"a\u202eb": 1}, "openclaw.json")
