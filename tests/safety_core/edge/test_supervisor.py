"""Whoever supervises a service is told that it is ready, that it lives and that it leaves; without one nobody is."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Generator
from pathlib import Path

import pytest

from safety_core.edge.supervisor import LEAVING, READY, supervised

Inbox = tuple[socket.socket, str]


@pytest.fixture(params=["file", "abstract"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Inbox, None, None]:
    address = str(tmp_path / "notify") if request.param == "file" else f"@safety-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1) if request.param == "abstract" else address)
        listener.setblocking(False)
        yield listener, address


def heard(listener: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(listener.recv(100).decode())
        except BlockingIOError:
            return words


async def test_words_arrive_in_order_and_no_sign_of_life_is_sent_unasked(inbox: Inbox) -> None:
    listener, address = inbox
    async with supervised({"NOTIFY_SOCKET": address}) as tell:
        tell(READY)
        await asyncio.sleep(0.01)
        tell(LEAVING)
    assert heard(listener) == ["READY=1", "STOPPING=1"]


async def test_signs_of_life_come_while_the_loop_turns_and_end_with_the_block(inbox: Inbox) -> None:
    listener, address = inbox
    environ = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000", "WATCHDOG_PID": str(os.getpid())}
    async with supervised(environ):
        await asyncio.sleep(0.05)
    signs = heard(listener)
    assert len(signs) >= 2
    assert set(signs) == {"WATCHDOG=1"}
    await asyncio.sleep(0.01)
    assert heard(listener) == []


@pytest.mark.parametrize("wanted", [{"WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "0"}])
async def test_signs_of_life_that_are_wanted_of_somebody_else_or_make_no_sense_are_not_sent(
    inbox: Inbox, wanted: dict[str, str]
) -> None:
    listener, address = inbox
    async with supervised({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000", **wanted}):
        await asyncio.sleep(0.01)
    assert heard(listener) == []


async def test_a_supervisor_that_is_not_there_or_gone_stops_nobody(tmp_path: Path) -> None:
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "3000"}):
        async with supervised(environ) as tell:
            tell(READY)
            await asyncio.sleep(0.01)
