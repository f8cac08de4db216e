"""What gives away that a secret begins, or that one follows."""

from __future__ import annotations

import pytest

from safety_core.redact import leads as module
from safety_core.redact.leads import Leads
from tests.safety_core.redact.conftest import LEADING

LEADS = Leads(LEADING)


def test_names() -> None:
    assert LEADS.named("my_password=")
    assert LEADS.named("PASS")
    assert LEADS.named("words")
    assert not LEADS.named("linear")
    assert not LEADS.named("sign=")
    assert not LEADS.named("hello")
    assert not LEADS.named("pw")
    assert LEADS.opens_line("the Seed words: ")
    assert not LEADS.opens_line("the seed of")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KNOWN", 3)
    leads = Leads(LEADING)
    for turn in range(10):
        assert leads.named("pass" + "x" * turn)
    assert leads.named("passxxx")
