"""The evidence of a soak that never was: small, sound, made by the product's own stores. A test breaks it, and the
reader of the soak must see that."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from safety_core.audit.checkpoint import verified
from safety_core.canonical import canonical_bytes
from safety_core.edge.audit_log import AuditLog
from safety_core.model.record import AuditEntry, Event
from safety_core.wire.approvals import grant_to_json
from soak.provider import cost
from tests.simulators.hub import question
from tests.simulators.policies import signed_grant

AT = 1_800_000_000.0
HUB = """
CREATE TABLE answers (request TEXT, allow INTEGER, grant_json BLOB);
CREATE TABLE usage (hour, agent, provider, model, requests, estimated, input_total, output_total);
CREATE TABLE checkpoints (origin TEXT, proven_size INTEGER, proven_root TEXT)
"""
BOOKS = "CREATE TABLE usage_bucket (hour, agent, provider, model, requests, estimated, input_total, output_total)"
MODEL = "soak-00000"


def digest(token: str) -> str:
    """Return what stands for an action's digest in these samples."""
    return token.encode().hex().ljust(64, "0")


def entry(event: Event, call: str, outcome: str = "allow", **more: Any) -> AuditEntry:
    """Return an entry about a call whose id begins with its token."""
    named = {"action_digest": digest(call.partition(".")[0]), **more}
    return AuditEntry(AT, event, "main", "exec", call, "yellow", outcome, **named)


ENTRIES: tuple[AuditEntry, ...] = (
    entry(Event.PROPOSED, "o1.1"),
    entry(Event.PERMITTED, "o1.1"),
    entry(Event.EXECUTED, "o1.1", ""),
    entry(Event.PROPOSED, "r1.1", "ask"),
    entry(Event.PENDING, "r1.1", "ask"),
    entry(Event.PROPOSED, "r1.2", "ask"),
    entry(Event.PERMITTED, "r1.2", "ask", approver="Olga"),
    entry(Event.EXECUTED, "r1.2", ""),
    entry(Event.PROPOSED, "w1.1"),
    entry(Event.PERMITTED, "w1.1"),
    entry(Event.EXECUTED, "w1.1", ""),
    entry(Event.PROPOSED, "p1.1", "ask"),
    entry(Event.PERMITTED, "p1.1", "ask", approver="Olga"),
    entry(Event.PROPOSED, "f1.1", "deny"),
    entry(Event.PROMPT, "x1"),
    entry(Event.RESPONSE, "x1"),
    entry(Event.PROMPT, "x2"),
    entry(Event.RESPONSE, "x2"),
)
"""An order, a refund and a permission that were granted, a command, a call that is forbidden, two prompts."""


@dataclass
class Soaked:
    """A folder of evidence. Its methods break it."""

    folder: Path
    key: SigningKey = field(default_factory=SigningKey.generate)
    approver: SigningKey = field(default_factory=SigningKey.generate)
    secret: str = field(default_factory=lambda: "Soak" + secrets.token_hex(16) + "Qz")

    async def make(self) -> Soaked:
        """Write sound evidence."""
        for name in ("home", "hub", "notes", "work", "logs"):
            (self.folder / name).mkdir()
        await self.log(ENTRIES)
        about = {
            "planted": {"PLANTED": self.secret},
            "edge_public": bytes(self.key.verify_key).hex(),
            "approvers": {"hub": bytes(self.approver.verify_key).hex()},
        }
        (self.folder / "evidence.json").write_text(json.dumps(about))
        (self.folder / "home" / "vault.db").write_text(self.secret)
        with self.database("hub/hub.db") as db:
            db.executescript(HUB)
        with self.database("home/edge.db") as db:
            db.execute(BOOKS)
        for token in ("r1", "p1"):
            self.grant(token)
        self.book(2, 0, sum(cost(number)[0] for number in (0, 1)), 2)
        await self.cosign()
        self._notes()
        (self.folder / "work" / "acts").write_text("w1\n")
        return self

    def _notes(self) -> None:
        self.note("shop", "act", token="o1", path="/orders", key="k-o1", repeat=False, log=2)
        self.note("shop", "act", token="r1", path="/refunds", key="k-r1", repeat=False, log=7)
        for token, how, answers in (
            ("o1", "run", ["executed"]),
            ("r1", "run", ["pending", "executed"]),
            ("w1", "run", ["executed"]),
            ("p1", "decide", ["allow"]),
            ("f1", "decide", ["block"]),
        ):
            for number, status in enumerate(answers, 1):
                self.note("agent", "ask", token=token, call=f"{token}.{number}", how=how)
                self.note("agent", "answer", token=token, call=f"{token}.{number}", how=how, status=status)
            self.note("agent", "end", token=token, status=answers[-1], exit=0)
        for number, log in ((0, 15), (1, 17)):
            token = f"m{number}"
            self.note("agent", "prompt", token=token, model=MODEL, stream=bool(number))
            self.note("provider", "arrived", token=token, model=MODEL, number=number, log=log)
            self.note("provider", "stated", token=token, model=MODEL, number=number)
            self.note("agent", "told", token=token, model=MODEL, status=200, whole=True)

    def note(self, who: str, what: str, /, **fields: Any) -> None:
        """Add a note."""
        with (self.folder / "notes" / f"{who}.jsonl").open("a") as file:
            file.write(json.dumps({"what": what, "at": AT, **fields}) + "\n")

    def rewrite(self, who: str, /, **changes: Any) -> None:
        """Change a field of every note that has it with the value before: `status=("allow", "block")`."""
        path = self.folder / "notes" / f"{who}.jsonl"
        notes = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("")
        for note in notes:
            for name, (before, after) in changes.items():
                if note.get(name) == before:
                    note[name] = after
            self.note(who, note.pop("what"), **note)

    def grant(self, token: str, signer: SigningKey | None = None) -> None:
        """Have a person allow what the token stands for."""
        asked = question(action_digest=digest(token), now=AT)
        one = canonical_bytes(grant_to_json(signed_grant(signer or self.approver, asked)))
        with self.database("hub/hub.db") as db:
            db.execute("INSERT INTO answers VALUES (?, 1, ?)", (asked.id, one))

    def book(self, requests: int, estimated: int, given: int, made: int, *, only_edge: bool = False) -> None:
        """Put usage into the books of edge and hub."""
        row = (1_800_000_000, "sdk", "openai", MODEL, requests, estimated, given, made)
        for name, table in (("home/edge.db", "usage_bucket"), ("hub/hub.db", "usage"))[: 1 if only_edge else 2]:
            with self.database(name) as db:
                db.execute(f"DELETE FROM {table}")
                db.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    async def log(self, entries: Sequence[AuditEntry]) -> None:
        """Write the audit log anew, with a signed head."""
        for path in (self.folder / "home").glob("audit.*"):
            path.unlink()
        log = await AuditLog.open(self.folder / "home" / "audit.db", self.key)
        for one in entries:
            await log.append(one)
        await log.checkpoint()
        await log.aclose()

    async def cosign(self) -> None:
        """Have the hub keep what the head says."""
        note = (self.folder / "home" / "audit.checkpoint").read_text()
        head = verified(note, self.key.verify_key)
        with self.database("hub/hub.db") as db:
            db.execute("INSERT INTO checkpoints VALUES (?, ?, ?)", (head.origin, head.size, head.root.hex()))

    @contextmanager
    def database(self, name: str) -> Iterator[sqlite3.Connection]:
        """Open one of the databases, and keep what is done in it."""
        with closing(sqlite3.connect(self.folder / name)) as db:
            yield db
            db.commit()
