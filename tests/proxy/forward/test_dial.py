"""A name is looked up once, all of its addresses are checked, and the connection is made to one of these."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

from proxy.errors import ForwardRefusedError
from proxy.forward.dial import Dialer
from proxy.forward.target import Target
from proxy.upstream.addresses import AddressInfo
from safety_core.errors import UnavailableError
from tests.proxy.forward.setting import Names


async def test_the_system_s_own_names_are_looked_up_and_refused() -> None:
    with pytest.raises(ForwardRefusedError, match="localhost: leads to an address that is not public"):
        await Dialer().resolve(Target("localhost", 80))
    with pytest.raises(ForwardRefusedError):
        await Dialer().connect(Target("localhost", 80))


async def test_the_next_address_has_its_turn() -> None:
    with socket.create_server(("127.0.0.3", 0)) as server:
        port = server.getsockname()[1]
        names = Names({"shop.test": ["127.0.0.2", "127.0.0.3"]}, {})
        with await names.connect(Target("shop.test", port)) as connected:
            assert connected.getpeername() == ("127.0.0.3", port)
        assert names.asked == ["shop.test"]
        with pytest.raises(UnavailableError, match="cannot be connected to"):
            await Names({"shop.test": ["127.0.0.2"]}, {}).connect(Target("shop.test", port))


async def test_a_host_that_answers_nothing_is_not_waited_for() -> None:
    class Silent(Dialer):
        async def lookup(self, target: Target) -> Sequence[AddressInfo]:
            raise TimeoutError

    with pytest.raises(UnavailableError, match="cannot be connected to"):
        await Silent().connect(Target("shop.test", 443))
