"""A real hub in a process of its own, with its tenants: started, killed, started again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nacl.signing import SigningKey

from hub import admin
from hub.app import opened
from hub.keys import create_keys
from hub.settings import Settings
from hub.store import tenants
from hub.store.tokens import TokenKind
from safety_core.model.tool_call import TenantId

ROOT: Final = Path(__file__).parents[2]

KEY: Final = SigningKey(b"\x07" * 32)
"""All edges sign with the same key, unless a test gives one its own."""


@dataclass
class HubProcess:
    """A hub that is served.

    Attributes:
        tokens: of an approver of each tenant.
        given: settings beyond where its data lie.
    """

    data: Path
    database: str
    tokens: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    port: int = 0
    popen: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The running process."""
        assert self.popen is not None
        return self.popen.pid

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self, names: Iterable[str], *, approvers: bool = True) -> None:
        """Make keys and database, and let these tenants in, each with an approver named Olga."""
        asyncio.run(self.let_in(tuple(names), approvers=approvers))

    async def let_in(self, names: Sequence[str], *, approvers: bool = True) -> None:
        """The same, where an event loop runs."""
        create_keys(self.data / "keys")
        async with opened(Settings(self.data, self.database)) as context:
            async with context.database.write() as connection:
                for name in names:
                    await tenants.add(connection, TenantId(name), context.clock())
                    await tenants.set_public(connection, TenantId(name), KEY.verify_key.encode().hex(), context.clock())
            for name in names if approvers else ():
                self.tokens[name] = await admin.add_person(context, TokenKind.APPROVER, name, "Olga")

    def start(self) -> None:
        """Serve, on the port of the last time where there was one."""
        order = [sys.executable, "-m", "hub", "--data", str(self.data), "--database", self.database]
        with (self.data / "log").open("ab") as log:
            self.popen = subprocess.Popen(
                [*order, "serve", "--port", str(self.port)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                env={**os.environ, **{f"SAFETY_HUB_{name.upper()}": value for name, value in self.given.items()}},
            )
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line:
            raise RuntimeError((self.data / "log").read_text())
        ready: dict[str, Any] = json.loads(line)
        self.port = int(ready["url"].rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power cut would end a process."""
        assert self.popen is not None
        self.popen.kill()
        self._ended()

    def stop(self) -> None:
        """Ask it to end."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.terminate()
            self._ended()

    def _ended(self) -> None:
        assert self.popen is not None
        assert self.popen.stdout is not None
        self.popen.wait(30)
        self.popen.stdout.close()


def names(number: int) -> list[str]:
    """Return so many tenants' names."""
    return [f"tenant-{count:05}" for count in range(number)]
