"""The base policy that is shipped, and policy folders of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.bundle.archive import pack
from safety_core.edge import shipped
from safety_core.edge.files import replace_file
from safety_core.edge.policy_tests import run_tests
from safety_core.edge.prove import prove
from safety_core.errors import PolicyError, UnavailableError
from safety_core.model.level import Level, Outcome, Tier
from tests.simulators.repository import signed_files, unsigned_files


async def test_the_base_policy_is_sound() -> None:
    bundle = shipped.shipped_bundle()
    assert {"disables_safety", "destroys_machine"} <= bundle.policy.floors
    assert bundle.policy.matrix[Level.RED, Tier.AUTONOMOUS] is Outcome.ALLOW
    assert bundle.policy.approvers == ()
    await prove(bundle)


def test_the_patterns_that_come_with_the_program_are_known_by_themselves() -> None:
    assert shipped.shipped_patterns() == shipped.shipped_bundle().policy.patterns


async def test_the_base_policys_own_tests_pass() -> None:
    sources = shipped.shipped_sources()
    outcomes = await run_tests(shipped.bundle_of(sources), sources)
    assert [outcome for outcome in outcomes if outcome.trouble] == []


def test_an_archive_that_the_user_vouches_for_is_read_signed_or_not() -> None:
    for files in (signed_files(), unsigned_files()):
        assert shipped.bundle_in(pack(files)).policy.tenant == "tenant-one"
    with pytest.raises(PolicyError, match="bundle manifest"):
        shipped.bundle_in(pack({}))


def test_an_installed_package_brings_its_own_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "package")
    assert shipped.shipped_folder() == tmp_path / "policies"
    (tmp_path / "package/_policies").mkdir(parents=True)
    assert shipped.shipped_folder() == tmp_path / "package/_policies"


def test_a_folder_without_sources_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(PolicyError, match="holds no policy"):
        shipped.load_folder(tmp_path)


def test_a_file_is_replaced_whole_and_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new/file"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder/inside").mkdir(parents=True)
    with pytest.raises(UnavailableError, match="cannot be written"):
        replace_file(tmp_path / "folder", b"a folder is there")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
