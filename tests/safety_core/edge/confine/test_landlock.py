"""What is left of a folder when something in it is hidden, on a machine without namespaces."""

from __future__ import annotations

from pathlib import Path

from safety_core.edge.confine.landlock import around


def test_what_is_hidden_is_walked_around(tmp_path: Path) -> None:
    for name in ("a", "var/lib/edge", "var/lib/edge-evil", "var/log"):
        (tmp_path / name).mkdir(parents=True)
    hidden = [f"{tmp_path}/var/lib/edge"]
    assert sorted(around(str(tmp_path), hidden)) == [f"{tmp_path}/{n}" for n in ("a", "var/lib/edge-evil", "var/log")]
    assert around(f"{tmp_path}/a", hidden) == [f"{tmp_path}/a"]
    assert around(f"{tmp_path}/var/lib/edge/below", hidden) == []
    assert around(f"{tmp_path}/var/lib/edge", hidden) == []


def test_the_root_is_walked_around_as_well() -> None:
    parts = around("/", ["/proc"])
    assert "/proc" not in parts
    assert "/usr" in parts


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert around(f"{tmp_path}/gone", [f"{tmp_path}/gone/edge"]) == []
