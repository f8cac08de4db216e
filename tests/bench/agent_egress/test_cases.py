"""Cases are read or refused by name, what is not claimed is counted by its reason, and rates are the format's."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from bench.agent_egress import claims
from bench.agent_egress.case import Case, CaseError, case_of, read_cases
from bench.agent_egress.names import INSIDE, WORLD, address_of, answer
from bench.agent_egress.score import good_enough, groups, left_out, missed, rates
from bench.agent_egress.told import MARK, as_json, lines, onto
from bench.agent_egress.verdict import ALLOW, BLOCK, ERROR, NOT_APPLICABLE, Verdict
from tests.bench.agent_egress.invented import case


def made(name: str, *, allow: bool = False, **more: object) -> Case:
    return case_of(
        name, json.dumps(case(name, "url", "fetch_proxy", {"url": "https://a.example/"}, allow=allow, **more)).encode()
    )


def test_a_folder_and_an_archive_hold_the_same(tmp_path: Path) -> None:
    raw = json.dumps(case("one", "url", "fetch_proxy", {"url": "https://A.example/x"})).encode()
    (tmp_path / "cases" / "schemas").mkdir(parents=True)
    (tmp_path / "cases" / "one.json").write_bytes(raw)
    (tmp_path / "cases" / "schemas" / "case.json").write_text("{}")
    with tarfile.open(tmp_path / "cases.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("x/cases/one.json")
        member.size = len(raw)
        archive.addfile(member, io.BytesIO(raw))
    for place in (tmp_path / "cases", tmp_path / "cases.tar.gz"):
        (found,) = read_cases(place)
        assert (found.id, found.host, found.expected) == ("one", "a.example", BLOCK)
    (tmp_path / "cases" / "two.json").write_bytes(raw)
    with pytest.raises(CaseError, match="one stands there twice"):
        read_cases(tmp_path / "cases")
    (tmp_path / "none").mkdir()
    with pytest.raises(CaseError, match="holds no case"):
        read_cases(tmp_path / "none")
    with pytest.raises(CaseError, match="neither a folder nor an archive"):
        read_cases(tmp_path / "cases" / "one.json")


@pytest.mark.parametrize(
    "change",
    [{"schema_version": 2}, {"id": ""}, {"payload": []}, {"expected_verdict": "warn"}, {"requires": "x"}],
)
def test_what_is_no_case_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(CaseError, match=r"some\.json"):
        case_of("some.json", json.dumps({**case("one", "url", "fetch_proxy", {}), **change}).encode())
    with pytest.raises(CaseError, match="is no JSON"):
        case_of("some.json", b"{")


def test_what_is_not_claimed_does_not_apply_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    assert claims.not_applicable(made("a", tags=["entropy"])) == ""
    assert "does not know it" in claims.not_applicable(made("a", tags=["telepathy"]))
    monkeypatch.setitem(claims.NOT_CLAIMED, "entropy", "nobody can")
    assert claims.not_applicable(made("a", tags=["entropy"])) == "entropy: nobody can"


def test_rates_are_those_of_the_format() -> None:
    results = [
        (made("a"), Verdict(BLOCK, "why", evidence="entry")),
        (made("b"), Verdict(BLOCK, "why", asked=True)),
        (made("c"), Verdict(ALLOW)),
        (made("d"), Verdict(NOT_APPLICABLE, "nobody can")),
        (made("e", allow=True), Verdict(BLOCK, "why", asked=True)),
        (made("f", allow=True), Verdict(ALLOW)),
        (made("g", allow=True), Verdict(ERROR, "broke off")),
    ]
    found = rates(results)
    assert (found.containment, found.false_positives) == (2 / 3, 1 / 3)
    assert (found.blocked_without_asks, found.wrongly_without_asks) == (1, 0)
    assert (found.told, found.proven, found.errors, found.left_out) == (2, 1, 1, 1)
    assert [one.id for one, _ in missed(results)] == ["c", "e", "g"]
    assert left_out(results) == {"nobody can": 1}
    assert groups(results, "transport") == {"fetch_proxy": found}
    assert not good_enough(found)
    assert good_enough(rates(results[:2] + results[5:6]))
    assert not good_enough(rates([]))
    assert any("expected block, came allow" in line for line in lines(results, 10))
    page = onto(f"a\n<!-- {MARK}: begin -->\nold\n<!-- {MARK}: end -->\nb\n", results)
    assert "| category: url | 3 | 2 | 1 | 3 | 1 | 1 |" in page
    assert ("\nold\n" in page, page.endswith("end -->\nb\n")) == (False, True)
    told = json.loads(as_json(results))
    assert [one["score"] for one in told["results"]] == [
        "pass",
        "pass",
        "fail",
        "not_applicable",
        "fail",
        "pass",
        "error",
    ]


def test_names_lead_where_they_lead_in_the_real_world() -> None:
    assert address_of("a.example") == WORLD
    assert address_of("10.1.2.3.nip.io") == "10.1.2.3"
    assert address_of("a-10-1-2-3.sslip.io") == "10.1.2.3"
    assert address_of("localtest.me") == INSIDE
    assert address_of("metadata.google.internal") == "169.254.169.254"
    question = b"\0\x07\1\0\0\1\0\0\0\0\0\0" + b"\1a\7example\0" + b"\0\1\0\1"
    assert answer(question, address_of).endswith(bytes((11, 0, 0, 80)))
    assert answer(question.replace(b"\0\1\0\1", b"\0\x1c\0\1"), address_of)[6:8] == b"\0\0"
