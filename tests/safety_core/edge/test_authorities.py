"""Whose certificates count for a connected service."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety_core.canonical import Json
from safety_core.edge.authorities import authorities
from safety_core.errors import ExecutionError
from tests.simulators.certificates import certificate


def test_the_machines_authorities_count_where_no_other_is_named() -> None:
    assert authorities("shop", None).get_ca_certs() == authorities("shop", "").get_ca_certs()


def test_an_authority_of_ones_own_counts_alone(tmp_path: Path) -> None:
    own = authorities("shop", str(certificate(tmp_path).chain))
    assert len(own.get_ca_certs()) == 1


@pytest.mark.parametrize("ca", [5, True, ["a.pem"], "/nowhere.pem", "a\0b"])
def test_what_is_no_file_of_certificates_is_refused_and_not_passed_over(ca: Json) -> None:
    with pytest.raises(ExecutionError, match="connection shop: has an option ca that is not"):
        authorities("shop", ca)
