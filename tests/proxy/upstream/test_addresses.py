"""Sockets are made for public addresses only."""

from __future__ import annotations

import socket

import pytest

from proxy.upstream.addresses import PrivateAddressError, public_socket


def test_a_socket_is_made_for_public_addresses_only() -> None:
    public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))).close()
    with pytest.raises(PrivateAddressError):
        public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443)))
