"""A hub that can reach a mail server and a receiver of HTTP, both on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.simulators.hub import RunningHub, running_hub
from tests.simulators.mail_server import MailServer, mail_server
from tests.simulators.receiver import Receiver, receiver


@pytest.fixture
async def mails() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def outside() -> AsyncIterator[Receiver]:
    async with receiver() as running:
        yield running


@pytest.fixture
async def house(database_url: str, tmp_path: Path, mails: MailServer) -> AsyncIterator[RunningHub]:
    """A hub on either database."""
    settings = {"smtp": mails.url, "mail_from": "hub@hub.example", "private_addresses": 1}
    async with running_hub(tmp_path / "hub", database_url, **settings) as running:
        yield running


@pytest.fixture
async def small_house(tmp_path: Path, mails: MailServer) -> AsyncIterator[RunningHub]:
    """A hub on SQLite alone, for what no database makes different."""
    settings = {"smtp": mails.url, "mail_from": "hub@hub.example", "private_addresses": 1}
    async with running_hub(tmp_path / "hub", **settings) as running:
        yield running
