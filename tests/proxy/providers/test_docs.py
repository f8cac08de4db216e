"""The table of providers in docs/egress.md is what the edge does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.providers.dialects import DIALECTS, HOSTS, part_of
from proxy.settings_source import load_settings
from safety_core.flow.dialect import Purpose
from tests.proxy.providers.test_paths import REQUEST
from tests.proxy.test_settings import LEAST

SECTION = (
    (Path(__file__).parents[3] / "docs" / "egress.md").read_text().partition("## Providers\n")[2].partition("\n## ")[0]
)
ROWS = {
    cells[0].strip(" `"): [cell.strip() for cell in cells[1:]]
    for line in SECTION.splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split(" | ")]
}
METHODS = ("POST", "GET")


def test_every_dialect_has_its_row() -> None:
    assert set(ROWS) == set(DIALECTS)


@pytest.mark.parametrize("dialect", ROWS)
def test_a_row_is_true(dialect: str) -> None:
    base, paths, header, _ = ROWS[dialect]
    assert HOSTS.get(dialect, base).strip("`") == base.strip("`")
    asked, _, looks = paths.partition("looks: ")
    for listed, purposes in ((asked, {*Purpose} - {Purpose.LOOK}), (looks, {Purpose.LOOK})):
        for path in re.findall(r"`(/[^`]*)`", listed):
            if path in {"/v1", "/v1alpha"}:
                continue
            plain = path.replace("{", "").replace("}", "")
            parts = [(part_of(dialect, method, plain), method) for method in METHODS]
            found = [api.paths.find(method, plain) for api, method in parts if api]
            assert {operation.purpose for operation in found if operation} & purposes, path
    if dialect not in {"bedrock", "compatible"}:
        sent = DIALECTS[dialect].authorized(REQUEST, "https://a.example", "key", 0.0)
        assert sent[-1][0].decode() in header


def test_the_settings_in_it_are_valid(tmp_path: Path) -> None:
    example = SECTION.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "edge.toml").write_text(example)
    providers = load_settings(tmp_path / "edge.toml", LEAST).egress.providers
    assert [(each.dialect, each.base_url) for each in providers.values()] == [
        ("gemini", HOSTS["gemini"]),
        ("compatible", "https://llm.example/api/v4"),
    ]
