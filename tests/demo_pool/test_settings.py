"""What a pool is told, and under which names browsers find it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo_pool.pool import network_of
from demo_pool.settings import Address, Settings
from safety_core.errors import InputError

NAME = "a" * 26


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70_000},
        {"public_url": "http://demo.example"},
        {"public_url": "https://demo.example/path"},
        {"tenants": 0},
        {"tenants": 1000},
        {"warm": 9},
        {"seconds": 0},
        {"seconds": 90_000},
        {"per_address": 0},
        {"megabytes": 100},
        {"processes": 3},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_at_the_start(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="demo-pool"):
        Settings(tmp_path, **wrong)


@pytest.mark.parametrize("origin", ["https://demo.example", "https://demo.example:8443", "http://localhost:8300"])
def test_a_tenant_has_a_host_of_its_own_below_the_pools(origin: str) -> None:
    address = Address(origin)
    assert address.of(NAME) == origin.replace("://", f"://{NAME}.")
    assert address.tenant_at(f"{NAME}.{address.host}") == NAME
    assert address.tenant_at(f"{NAME}.{address.host}".upper()) == NAME
    for other in ("", address.host, "other.example", f".{address.host}", f"{NAME}.x.{address.host}", f"{NAME}.example"):
        assert address.tenant_at(other) == "", other


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_one_visitor_is_known_by_their_network(address: str, network: str) -> None:
    assert network_of(address) == network
