"""Secrets at rest: each value sealed to the row it stands in.

    key from outside (`vault_key`)  seals  the vault's own keys (`keyring`)  seal  each value (`seals`)

A value that was moved to another name, version or vault does not open, nor does one of which anything that stands
beside it was changed: on what terms it may be used, when it ends, that it is a canary. A row that was put back or taken
away is missed in a sealed sum over all of them (`whole`).

Every change leaves its number and name in a log in the same file, written in the same transaction. Who has read the
vault once asks for what came after (`changes`), whichever process wrote it. A log with a gap (an older program wrote,
or what is asked for was thrown away) is never trusted: then everything is read.

Plain `sqlite3` on the caller's thread: a value opens in microseconds, and a vault of 1,000 secrets in milliseconds.
Claims nothing about memory: a value lives as long as Python keeps it (docs/vault.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from safety_core.edge.database import connect, writing
from safety_core.edge.vault.changed import logged, note_change, rows_of
from safety_core.edge.vault.keyring import Keyring
from safety_core.edge.vault.schema import SCHEMA, create, is_first, upgrade
from safety_core.edge.vault.seals import CURRENT, FORMER, FormerRow, Row, opened, reading, sealed, translated, unknown
from safety_core.edge.vault.told import Former, Sighting, UseEntry, VaultChanges, VaultEntry, Version
from safety_core.edge.vault.uses import note_sighting, note_use, sightings, unhurried, uses_of
from safety_core.edge.vault.whole import Whole
from safety_core.edge.vault_key import VaultKey
from safety_core.errors import BrokenSealError, InputError, UnknownSecretError
from safety_core.model.secret import PREVIOUS, SecretName, SecretValue, Use, secret_name
from safety_core.model.terms import Terms, terms_of

R = TypeVar("R")

TENANT: Final = "local"
"""The tenant of a vault that was made for none by name."""

KEPT: Final = 10
"""Earlier versions of a secret that are kept; more only while they still count."""

_OLD: Final = (
    "DELETE FROM former WHERE name = ?1 AND until <= ?2 AND version IN"
    " (SELECT version FROM former WHERE name = ?1 ORDER BY version DESC LIMIT -1 OFFSET ?3)"
    " RETURNING name, version, changed, until, key_id, sealed"
)


class Vault:
    """The secrets of one tenant in one SQLite file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, keys: Keyring, whole: Whole) -> None:
        self._connection = connection
        self._path = path
        self._keys = keys
        self._whole = whole

    @classmethod
    def open(
        cls,
        path: Path,
        key: VaultKey,
        tenant: str | None = None,
        fresh: Callable[[], VaultKey] | None = None,
        *,
        accept: bool = False,
    ) -> Vault:
        """Open the vault, or make it. One of the first version becomes one of this.

        Args:
            key: `vault_key.find_vault_key`.
            tenant: whose it must be; None takes the one it was made for (a new one: `TENANT`).
            fresh: returns the key that is in its place now, should it be exchanged while the vault is open.
            accept: the rows are taken as they are, whoever put them back: a person has decided so.

        Raises:
            BrokenSealError: `key` does not open it, or it belongs to another tenant.
            UnavailableError: the file cannot be used.
        """
        connection = connect(path, SCHEMA)
        try:
            with translated(path):
                connection.execute("PRAGMA secure_delete = ON").fetchall()  # what is replaced is not left in the file
                with writing(connection) as db:
                    if is_first(db):
                        upgrade(db, key, tenant)
                    row = db.execute("SELECT tenant FROM vault").fetchone()
                    owner = row[0] if row else create(db, key, tenant or TENANT)
                    keys = Keyring(path, tenant or owner, key, fresh)
                    keys.unlock(db)
                    whole = Whole(keys)
                    if accept:
                        whole.accept(db)
                    whole.verify(db)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path, keys, whole)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def tenant_key(self) -> bytes:
        """32 bytes for the names of discovered secrets; the same as long as the vault exists."""
        return self._read(self._whole.names_key)

    @property
    def generation(self) -> int:
        """A number that grows with every change, by whatever process: a cheap way to see that something is new."""
        with translated(self._path):
            return int(self._connection.execute("SELECT generation FROM vault").fetchone()[0])

    def put(
        self,
        name: SecretName,
        value: SecretValue,
        *,
        now: float,
        discovered: bool = False,
        terms: Terms | None = None,
    ) -> None:
        """Keep `value` under `name`. A discovered value never replaces anything; a person's replaces what is there, on
        the terms that this had.

        Args:
            terms: those of a secret that is new.
        """
        with self._writing(name) as db:
            there = self._row(db, secret_name(name))
            if there is None:
                self._store(db, name, value, there, terms or Terms(discovered=discovered), now)
            elif not discovered:
                self._exchange(db, there, value, now, 0.0)

    def rotate(self, name: SecretName, value: SecretValue, *, now: float, overlap: float = 0.0) -> None:
        """Replace the value of a secret that must be there already; it is a person's from now on.

        Args:
            overlap: seconds for which the old value is still looked for, and may still be used (`PREVIOUS`).
        """
        with self._writing(name) as db:
            self._exchange(db, self._there(db, name), value, now, overlap)

    def roll_back(self, name: SecretName, version: int, *, now: float, overlap: float = 0.0) -> None:
        """Make the value of an earlier version the current one, as a new version. Raises UnknownSecretError."""
        with self._writing(name) as db:
            there = self._there(db, name)
            found = db.execute(f"{FORMER} WHERE name = ? AND version = ?", (name, version)).fetchone()
            if found is None:
                reason = f"has no version {version} that is kept"
                raise UnknownSecretError(f"secret {name}", reason, f"safety secret versions {name}")
            self._exchange(db, there, self._value(db, FormerRow(*found)), now, overlap)

    def change_terms(self, name: SecretName, change: Callable[[Terms], Terms]) -> Terms:
        """Change on what terms a secret may be used; return the new ones. Its version stays."""
        with self._writing(name) as db:
            there = self._there(db, name)
            value, terms = self._value(db, there), change(terms_of(there.terms))
            self._write(db, there._replace(terms=terms.to_text()), value)
        return terms

    def remove(self, name: SecretName) -> None:
        """Forget a secret with all its versions. Raises UnknownSecretError where there is none."""
        with self._writing(name) as db:
            self._whole.removed(db, self._there(db, name))
            for old in db.execute(f"{FORMER} WHERE name = ?", (name,)).fetchall():
                self._whole.removed(db, FormerRow(*old))
            db.execute("DELETE FROM secret WHERE name = ?", (name,))
            db.execute("DELETE FROM former WHERE name = ?", (name,))

    def get(self, names: Iterable[SecretName]) -> Mapping[SecretName, SecretValue]:
        """Return the current values behind `names`, for those who put them there: nobody asks for what.

        Raises:
            UnknownSecretError: the first one that is missing.
            BrokenSealError: a value, or anything beside it, was changed, moved or exchanged in the file.
        """
        return self._read(lambda db: {name: self._value(db, self._there(db, name)) for name in names})

    def check(self, names: Iterable[SecretName], use: Use, now: float) -> None:
        """Return if `use` may have the secrets. Raises SecretError as `lend` does."""
        self._read(lambda db: [self._lent(db, name, use, now) for name in names])

    def lend(
        self, names: Iterable[SecretName], use: Use, now: float, *, note: bool = True
    ) -> Mapping[SecretName, SecretValue]:
        """Return the values behind `names` for one use, which is in the use log by then.

        `name.previous` means the value before the last rotation, as long as that still counts.

        Args:
            note: whether it is logged: a prompt's key is not for every prompt.

        Raises:
            UnknownSecretError: the first one that is missing.
            SecretError: it is not for this agent or tool, is over, or is a canary (`Terms.demand`).
            BrokenSealError: as `get`.
        """
        lent = self._read(lambda db: {name: self._lent(db, name, use, now) for name in names})
        if lent and note:
            self._note([(name.removesuffix(PREVIOUS), version) for name, (version, _) in lent.items()], use, now)
        return {name: value for name, (_, value) in lent.items()}

    def hand(self, name: SecretName, use: Use, now: float) -> SecretValue:
        """Return the current value to a person, whose word counts above the terms; it is in the use log by then."""
        row, value = self._read(lambda db: (row := self._there(db, name), self._value(db, row)))
        self._note([(name, row.version)], use, now)
        return value

    def _note(self, versions: Iterable[tuple[str, int]], use: Use, now: float) -> None:
        with translated(self._path), unhurried(self._connection), writing(self._connection) as db:
            for name, version in versions:
                note_use(db, SecretName(name), version, use, now)

    def names(self) -> tuple[SecretName, ...]:
        """Return all names, sorted."""
        with translated(self._path):
            rows = self._connection.execute("SELECT name FROM secret ORDER BY name").fetchall()
        return tuple(SecretName(name) for (name,) in rows)

    def entries(self) -> tuple[VaultEntry, ...]:
        """Return what may be told about every secret, by name. Raises BrokenSealError: something of it was changed."""

        def job(db: sqlite3.Connection) -> tuple[VaultEntry, ...]:
            rows = [Row(*row) for row in db.execute(f"{CURRENT} ORDER BY name").fetchall()]
            for row in rows:
                self._value(db, row)
            return tuple(
                VaultEntry(SecretName(row.name), row.version, row.changed, terms_of(row.terms)) for row in rows
            )

        return self._read(job)

    def versions(self, name: SecretName) -> tuple[Version, ...]:
        """Return the versions of a secret that are kept, the oldest first. Raises UnknownSecretError."""

        def job(db: sqlite3.Connection) -> tuple[Version, ...]:
            current = self._there(db, name)
            rows = db.execute(f"{FORMER} WHERE name = ? ORDER BY version", (name,)).fetchall()
            formers = [Version(row.version, row.changed, row.until) for row in (FormerRow(*row) for row in rows)]
            return (*formers, Version(current.version, current.changed, current=True))

        return self._read(job)

    def uses(self, name: SecretName, last: int) -> tuple[UseEntry, ...]:
        """Return the newest uses of a secret, the oldest of them first; also of one that was removed."""
        return self._read(lambda db: uses_of(db, name, last))

    def saw(self, name: SecretName, times: int, now: float) -> None:
        """Count that a canary was seen."""
        with translated(self._path), writing(self._connection) as db:
            note_sighting(db, name, times, now)

    def sightings(self) -> tuple[Sighting, ...]:
        """Return what was seen of canaries, by name."""
        return self._read(sightings)

    def changes(self, since: int | None = None, *, now: float = 0.0) -> VaultChanges:
        """Return what changed after generation `since`, read at one moment; without it, everything.

        Args:
            now: earlier values that counted until then at most are left out.

        Raises:
            BrokenSealError: a value was changed, moved or exchanged in the file.
        """

        def job(db: sqlite3.Connection) -> VaultChanges:
            generation = int(db.execute("SELECT generation FROM vault").fetchone()[0])
            names = None if since is None else logged(db, since, generation)
            rows = [Row(*row) for row in rows_of(db, CURRENT, names, "", ())]
            values = {SecretName(row.name): self._value(db, row) for row in rows}
            formers: dict[SecretName, tuple[Former, ...]] = {}
            for former in (FormerRow(*row) for row in rows_of(db, FORMER, names, "until > ?", (now,))):
                told = Former(former.version, former.until, self._value(db, former))
                formers[SecretName(former.name)] = (*formers.get(SecretName(former.name), ()), told)
            terms = {SecretName(row.name): terms_of(row.terms) for row in rows}
            canaries = frozenset(name for name, one in terms.items() if one.canary)
            limited = {name: one.agents for name, one in terms.items() if one.agents is not None}
            gone = frozenset(names or ()) - values.keys()
            return VaultChanges(generation, names is None, values, gone, formers, canaries, limited)

        return self._read(job)

    def _read(self, job: Callable[[sqlite3.Connection], R]) -> R:
        """Do `job` on the file as it is at one moment. What does not open then may be under a key that was exchanged
        that very moment: it is tried once more."""
        with translated(self._path):
            try:
                return self._once(job)
            except BrokenSealError:
                return self._once(job)

    def _once(self, job: Callable[[sqlite3.Connection], R]) -> R:
        with reading(self._connection) as db:
            done = job(db)
            self._whole.verify(db)
            return done

    @contextmanager
    def _writing(self, name: SecretName | None) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that changes this secret, or something else."""
        with translated(self._path), writing(self._connection) as db:
            self._whole.begin()
            yield db
            self._whole.settle(db)
            note_change(db, name)

    def _exchange(self, db: sqlite3.Connection, there: Row, value: SecretValue, now: float, overlap: float) -> None:
        """Put a person's value in the place of the one that is there, which is kept as an earlier version."""
        terms = terms_of(there.terms)
        if not (terms.discovered or terms.canary):
            until = now + overlap if overlap > 0 else 0.0
            former = FormerRow(there.name, there.version, there.changed, until, there.key_id, b"")
            key = self._keys.key(db, there.key_id)
            box = sealed(self._value(db, there).reveal().encode(), key, former.place(self._keys.tenant))
            former = former._replace(sealed=box)
            db.execute("INSERT INTO former VALUES (?, ?, ?, ?, ?, ?)", former)
            self._whole.added(db, former)
            for old in db.execute(_OLD, (there.name, now, KEPT)).fetchall():
                self._whole.removed(db, FormerRow(*old))
        self._store(db, SecretName(there.name), value, there, terms.renewed(now), now)

    def _store(
        self, db: sqlite3.Connection, name: SecretName, value: SecretValue, there: Row | None, terms: Terms, now: float
    ) -> None:
        version = there.version + 1 if there else 1
        self._write(db, Row(name, version, now, terms.to_text(), "", b""), value)

    def _write(self, db: sqlite3.Connection, row: Row, value: SecretValue) -> None:
        """Write a row, sealed under the key that is in force at this moment."""
        (key_id,) = db.execute("SELECT key_id FROM vault").fetchone()
        row = row._replace(key_id=key_id)
        box = sealed(value.reveal().encode(), self._keys.key(db, key_id), row.place(self._keys.tenant))
        row = row._replace(sealed=box)
        if (before := self._row(db, SecretName(row.name))) is not None:
            self._whole.removed(db, before)
        self._whole.added(db, row)
        db.execute("INSERT OR REPLACE INTO secret VALUES (?, ?, ?, ?, ?, ?)", row)

    def _lent(self, db: sqlite3.Connection, name: SecretName, use: Use, now: float) -> tuple[int, SecretValue]:
        """Return the version and the value that `use` may have."""
        row = self._row(db, name)
        if row is not None:
            value = self._value(db, row)
            terms_of(row.terms).demand(name, use, now)
            return row.version, value
        if not name.endswith(PREVIOUS):
            raise unknown(name)
        base = SecretName(name.removesuffix(PREVIOUS))
        current = self._row(db, base)
        newest = "WHERE name = ? AND until > ? ORDER BY version DESC LIMIT 1"
        found = db.execute(f"{FORMER} {newest}", (base, now)).fetchone()
        if current is None or found is None:
            raise unknown(name)
        self._value(db, current)
        replace(terms_of(current.terms), expires=None).demand(base, use, now)
        former = FormerRow(*found)
        return former.version, self._value(db, former)

    def _there(self, db: sqlite3.Connection, name: SecretName) -> Row:
        row = self._row(db, name)
        if row is None:
            raise unknown(name)
        return row

    def _row(self, db: sqlite3.Connection, name: SecretName) -> Row | None:
        found = db.execute(f"{CURRENT} WHERE name = ?", (name,)).fetchone()
        return Row(*found) if found else None

    def _value(self, db: sqlite3.Connection, row: Row | FormerRow) -> SecretValue:
        """Return the value in a row. Raises BrokenSealError: it, or anything beside it, was changed."""
        plain = opened(row.sealed, self._keys.key(db, row.key_id), row.place(self._keys.tenant), row.thing)
        if isinstance(row, Row):
            try:
                terms_of(row.terms)
            except InputError as error:
                raise BrokenSealError(row.thing, error.reason, error.fix) from error
        return SecretValue(plain.decode())
