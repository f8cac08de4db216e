"""Which addresses lie outside of this machine and its network."""

from __future__ import annotations

import pytest

from safety_core.edge.addresses import is_public


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "104.18.6.192", "2606:4700::6812:7c0", "::ffff:8.8.8.8", "64:ff9b::5db8:d70e"],
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "metadata.internal", "", "127.1", "192.0.0.192",
        "192.0.0.170", "192.88.99.1", "168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::c000:c0", "100::1",
        "2001:10::1", "::ffff:0:127.0.0.1", "5f00::1", "3fff::1",
    ],
)  # fmt: skip
def test_not_public(address: str) -> None:
    assert not is_public(address)
