"""What install keeps in the edge's folder, which nobody else may enter: a folder for each openclaw.json.

~/.safety/openclaw/<name>/
    plugin/             the copy of the plugin that OpenClaw loads
    <agent>.token       what OpenClaw shows to the edge's egress
    record.json         what install changed, so that uninstall takes back exactly that
    backup-<when>.json  the configuration as it was: it may hold keys, so it is 0600
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.changes import Change, changes, from_json, to_json, undone
from safety_core.cli.openclaw.config import ConfigFile, parse, render
from safety_core.cli.openclaw.wish import OWN_ENTRY, Upstream
from safety_core.edge.files import read_input, replace_file
from safety_core.edge.home import Home
from safety_core.errors import InputError
from safety_core.model.secret import secret_name
from safety_core.wire.reader import Reader


@dataclass(frozen=True, slots=True)
class Record:
    """What install did.

    Attributes:
        backup: name of the file with the configuration as it was before the first install.
        after: sha256 of the file as install left it.
        changes: from the backup to that.
        upstreams: what the edge must know.
        egress: of the edge, to which the model providers were led; "" in a note of an older install.
    """

    backup: str
    after: str
    changes: tuple[Change, ...]
    upstreams: Mapping[str, Upstream] = field(default_factory=lambda: MappingProxyType({}))
    egress: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """The folder for one openclaw.json. Making a `Place` touches nothing."""

    path: Path

    @classmethod
    def of(cls, home: Home, config: Path) -> Place:
        """Return the folder for the configuration at `config`."""
        return cls(home.path / "openclaw" / hashlib.sha256(str(config).encode()).hexdigest()[:12])

    @property
    def plugin(self) -> Path:
        """The copy of the plugin."""
        return self.path / "plugin"

    def token_file(self, agent: str) -> Path:
        """Return where an agent's token lies."""
        return self.path / f"{agent}.token"

    def token_digest(self, agent: str) -> str | None:
        """Return the sha256 of an agent's token, or None where it has none."""
        file = self.token_file(agent)
        return hashlib.sha256(read_input(file).strip()).hexdigest() if file.is_file() else None

    def draw_token(self, agent: str) -> str:
        """Draw an agent's token the first time; return its sha256."""
        known = self.token_digest(agent)
        if known is not None:
            return known
        token = secrets.token_hex(32).encode()
        replace_file(self.token_file(agent), token + b"\n")
        return hashlib.sha256(token).hexdigest()

    def keep(self, raw: bytes, now: float) -> Path:
        """Keep the bytes of a configuration, 0600, and return where."""
        when = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        file, count = self.path / f"backup-{when}.json", 1
        while file.exists():
            file, count = self.path / f"backup-{when}-{count}.json", count + 1
        replace_file(file, raw)
        return file

    def record(self) -> Record | None:
        """Return what install noted here, or None.

        Raises:
            InputError: the note cannot be read.
        """
        file = self.path / "record.json"
        if not file.is_file():
            return None
        try:
            return _read(Reader.parse(read_input(file), str(file)))
        except InputError as error:
            raise InputError(
                str(file), f"cannot be used ({error})", "put a backup back by hand, then remove it"
            ) from error

    def note(self, record: Record, config: Path) -> None:
        """Note what install did."""
        upstreams = {
            name: {"base_url": upstream.base_url, "dialect": upstream.dialect, "key": upstream.key or ""}
            for name, upstream in record.upstreams.items()
        }
        body = {
            "config": str(config),
            "backup": record.backup,
            "after": record.after,
            "changes": to_json(record.changes),
            "upstreams": upstreams,
            "egress": record.egress,
        }
        replace_file(self.path / "record.json", json.dumps(body, indent=1).encode())

    def backup_of(self, record: Record) -> Path:
        """Return where the configuration of before the first install lies."""
        return self.path / record.backup

    def before(self, record: Record, file: ConfigFile) -> tuple[bytes, JsonObject, tuple[Change, ...]]:
        """Return `file` without what install made of it: its bytes, what they say, and what of it had to stay.

        The bytes are the backup's, comments and all, wherever they say the same.
        """
        tree, left = undone(file.tree, record.changes, OWN_ENTRY)
        backup = self.backup_of(record)
        if backup.is_file():
            raw = read_input(backup)
            old = parse(raw, str(backup))
            if sha256(file.raw) == record.after or not changes(old, tree):
                return raw, old, ()
        return render(tree), tree, left

    def forget(self) -> None:
        """Remove all but the backups."""
        shutil.rmtree(self.plugin, ignore_errors=True)
        for file in (*self.path.glob("*.token"), self.path / "record.json"):
            file.unlink(missing_ok=True)


def _read(source: Reader) -> Record:
    listed = source.object("upstreams")
    upstreams = {}
    for name in listed.keys():  # noqa: SIM118 - a reader is no mapping
        entry = listed.object(name)
        key = secret_name(text) if (text := entry.text("key")) else None
        upstreams[name] = Upstream(entry.text("base_url"), entry.text("dialect"), key)
    backup = source.text("backup")
    if not re.fullmatch(r"backup-[0-9TZ-]+\.json", backup):
        raise InputError("backup", "is no backup of ours")
    egress = source.text("egress", "")
    made = from_json(source.objects("changes"))
    return Record(backup, source.text("after"), made, MappingProxyType(upstreams), egress)


def sha256(raw: bytes) -> str:
    """Return the sha256 of `raw`, hexadecimal."""
    return hashlib.sha256(raw).hexdigest()
