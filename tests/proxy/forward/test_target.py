"""A target is one host in one spelling and one port, or it is refused."""

from __future__ import annotations

from contextlib import suppress
from socket import inet_aton

import pytest
from ada_url import URL
from hypothesis import given
from hypothesis import strategies as st

from proxy.forward.target import Target, connect_target, host_matches, http_target
from safety_core.edge.http.head import BadRequestError

ODD = st.text("aB1.:-_@%[]/\\?#x0 \t\x00é", max_size=40)


def test_names_are_lower_case_and_addresses_keep_their_brackets_off() -> None:
    assert connect_target(b"Shop.Test:443") == Target("shop.test", 443)
    assert connect_target(b"[::1]:443") == Target("::1", 443)
    assert str(Target("::1", 443)) == "[::1]:443"
    assert http_target(b"HTTP://Shop.test") == (Target("shop.test", 80), b"/")
    assert http_target(b"http://shop.test:8080?a=b") == (Target("shop.test", 8080), b"/?a=b")
    assert http_target(b"http://[::1]/a") == (Target("::1", 80), b"/a")


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "::1", "::ffff:127.0.0.1", "1.2.3.0x4"]
)
def test_an_address_is_one_however_it_is_written(address: str) -> None:
    assert Target(address, 443).literal


@given(st.ip_addresses())
def test_every_address_is_known_as_one(address: object) -> None:
    assert Target(str(address), 443).literal


@given(ODD)
def test_what_the_system_takes_for_an_address_is_known_as_one(text: str) -> None:
    with suppress(OSError, ValueError):
        inet_aton(text.strip())
        with suppress(BadRequestError):
            assert connect_target(f"{text}:443".encode()).literal


@given(ODD)
def test_no_host_is_read_otherwise_than_a_browser_would(text: str) -> None:
    """What is accepted is the very host that the URL standard's own parser finds."""
    try:
        target, _ = http_target(f"http://{text}".encode())
    except BadRequestError:
        return
    if target.literal:
        return
    assert URL(f"http://{text}").hostname == target.host
    assert URL(f"http://{text}").port in {"", str(target.port)}


@given(ODD, st.integers(-1, 70_000))
def test_connect_takes_plain_hosts_alone(host: str, port: int) -> None:
    with suppress(BadRequestError):
        target = connect_target(f"{host}:{port}".encode())
        assert target.port == port
        assert 0 < port < 65536
        assert set(target.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_:")
        if ":" in target.host:
            assert host.startswith("[")


def test_a_host_header_may_leave_out_the_usual_port() -> None:
    shop = Target("shop.test", 443)
    assert host_matches(b"Shop.test", shop, 443)
    assert host_matches(b"shop.test:443", shop, 443)
    assert not host_matches(b"shop.test:80", shop, 443)
    assert not host_matches(b"shop.test", Target("shop.test", 8443), 443)
    assert host_matches(b"shop.test:8443", Target("shop.test", 8443), 443)
    assert not host_matches(b"", shop, 443)
