"""The files of a bundle: complete, consistent, for one tenant."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from safety_core.bundle.contents import DATA, GOLDEN, MAIN, MANIFEST, named_tenant, read_contents
from safety_core.bundle.source import compile_sources
from safety_core.canonical import canonical_bytes
from safety_core.errors import PolicyError, WrongTenantError
from tests.simulators.repository import RULE, SOURCES

RULE_FILE = "rules/deletes/deletes.rego"


def built() -> dict[str, bytes]:
    return dict(compile_sources(SOURCES, tenant="one", revision="r1"))


def data(change: Callable[[dict[str, Any]], object]) -> bytes:
    document = json.loads(built()[DATA])
    change(document)
    return canonical_bytes(document)


def test_a_bundle_says_what_its_files_say() -> None:
    bundle = read_contents(built(), tenant="one", version=3)
    assert (bundle.revision, bundle.policy.version, bundle.expires) == ("r1", 3, math.inf)
    assert set(bundle.modules) == {MAIN, RULE_FILE}
    assert bundle.guards == {"deletes": (frozenset({"destroy"}), frozenset())}


def test_a_bundle_says_whom_it_is_for() -> None:
    assert named_tenant(built()) == "one"
    with pytest.raises(PolicyError, match="bundle manifest"):
        named_tenant({})


@pytest.mark.parametrize(
    ("name", "raw", "error", "words"),
    [
        (MANIFEST, None, PolicyError, "bundle .manifest: is missing"),
        (MANIFEST, b"{}", PolicyError, "revision: is missing"),
        (MANIFEST, b'{"metadata":{"tenant":"two"},"revision":"r1"}', WrongTenantError, "names another tenant"),
        (MANIFEST, b'{"metadata":{"tenant":"one"},"revision":"r1","roots":["x"]}', PolicyError, "more or less than"),
        (DATA, b"[]", PolicyError, "data: must be an object"),
        (DATA, data(lambda d: d.update(tenant="two")), WrongTenantError, "data.tenant"),
        (
            DATA,
            data(lambda d: d.update(floors=[{"rule": "other", "reason": "x"}])),
            PolicyError,
            r"data.floors\[0\]: 'other' names no rule",
        ),
        (DATA, data(lambda d: d["index"]["deletes"].update(kinds=[])), PolicyError, "is indexed otherwise"),
        (DATA, data(lambda d: d.update(index={}, floors=[])), PolicyError, "does not belong there"),
        (MAIN, b"package safety\n", PolicyError, "is not what the rules generate"),
        (GOLDEN, b"x", PolicyError, "golden.jsonl:1"),
        (RULE_FILE, None, PolicyError, "is missing or does not belong"),
        (RULE_FILE, b"\xff", PolicyError, "is not UTF-8"),
        (RULE_FILE, RULE.replace("sprintf(", "opa.runtime(").encode(), PolicyError, "calls opa.runtime"),
        ("evil.rego", b"package safety\n", PolicyError, "bundle evil.rego: is missing or does not belong"),
        ("patch.json", b"{}", PolicyError, "does not belong there"),
    ],
)
def test_anything_else_is_refused(name: str, raw: bytes | None, error: type[Exception], words: str) -> None:
    files = {key: value for key, value in {**built(), name: raw}.items() if value is not None}
    with pytest.raises(error, match=words):
        read_contents(files, tenant="one", version=1)


def test_rules_get_their_own_modules_and_the_data_that_they_may_read() -> None:
    bundle = read_contents(built(), tenant="one", version=1)
    assert set(bundle.rules) == set(bundle.modules) - {MAIN} == {RULE_FILE}
    assert bundle.rule_data == {}


def test_an_engine_holds_only_the_data_that_some_rule_names() -> None:
    bundle = read_contents(built(), tenant="one", version=1)
    text = bundle.rules[RULE_FILE] + "\nknown if data.catalogue.programs\n"
    assert set(replace(bundle, modules={RULE_FILE: text}).rule_data) == {"catalogue"}
