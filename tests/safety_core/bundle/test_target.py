"""Looking back at what was released: any root of the chain vouches, nobody else does."""

from __future__ import annotations

import pytest

from safety_core.bundle.target import released
from safety_core.errors import TamperedError, UnderSignedError, WrongTenantError
from tests.simulators.repository import TENANT, Repository, release, role_keys, root_of


def test_a_release_under_an_older_root_is_still_known() -> None:
    source = Repository().publish(release("calm")).rotate(role_keys("two")).publish(release("storm"))
    roots = (source.files["root/1.json"], source.files["root/2.json"])
    found = [released(roots, source.files[f"targets/{number}.json"], TENANT) for number in (1, 2)]
    assert [(item.version, item.target.revision) for item in found] == [(1, "calm"), (2, "storm")]
    assert all(item.target.path in source.files for item in found)


def test_nobody_else_vouches_for_one() -> None:
    source = Repository().publish()
    with pytest.raises((UnderSignedError, TamperedError)):
        released((root_of("evil"),), source.files["targets/1.json"], TENANT)
    with pytest.raises(WrongTenantError):
        released((source.root,), source.files["targets/1.json"], "tenant-two")
    with pytest.raises(TamperedError):
        released((), source.files["targets/1.json"], TENANT)
