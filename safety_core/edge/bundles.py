"""The last trusted bundle on this disk, and the way to a newer one.

Three files, each replaced as a whole, in this order:

    known     the newest documents that were ever verified; what keeps an attacker from going back after a restart
    previous  every file that led to the bundle that was in force before, for the day on which the last one does not run
    active    every file that led to the bundle in force

Bundles are verified again from the pinned root whenever they are read, and must be signed by keys that the newest known
root has not revoked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from safety_core.bundle.archive import pack, unpack
from safety_core.bundle.contents import TrustedBundle
from safety_core.bundle.trust import Fetch, Keep, Known, Steps, Update, refresh
from safety_core.edge.files import replace_file
from safety_core.edge.prove import prove
from safety_core.edge.shipped import shipped_patterns
from safety_core.errors import BundleError, PolicyError, TamperedError, UnavailableError, UnprovenError
from safety_core.model.policy import GRACE_SECONDS, Pattern

FETCH_SECONDS: Final = 120.0
"""Seconds for one file: 16 MiB over a phone. Whoever sends it by the byte must not hold up the next look."""

Fetcher = Callable[[str], Awaitable[bytes | None]]
"""Returns a file of the tenant's repository by its path, None if it is not there. Raises UnavailableError."""


class BundleStore:
    """One tenant's trust on one machine. Not to be used by two processes at a time.

    Args:
        folder: exists, and is this user's alone.
        root: the pinned root document.
        grace: seconds that `load_last` believes a bundle past its expiry.
        fetch_seconds: how long one file may take to come.
    """

    def __init__(
        self,
        folder: Path,
        tenant: str,
        root: bytes,
        *,
        grace: float = GRACE_SECONDS,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        self._active = folder / "active"
        self._previous = folder / "previous"
        self._known = folder / "known"
        self._tenant = tenant
        self._root = root
        self._grace = grace
        self._fetch_seconds = fetch_seconds
        self._files: Mapping[str, bytes] = {}
        self._earlier: Update | None = None
        self._patterns: frozenset[Pattern] = frozenset()
        self._shipped: frozenset[Pattern] | None = None
        self._refused: dict[str, UnprovenError] = {}
        self._lock = asyncio.Lock()

    def load_last(self, now: float) -> TrustedBundle:
        """Return the bundle that was in force last, verified from the pinned root anew.

        Raises:
            UnavailableError: there is none yet.
            BundleError: it is not what it was, is for somebody else, or its expiry and the grace are over.
        """
        files = _read(self._active)
        if not files:
            raise UnavailableError("policy", "none has been received yet", "publish one: safety policy publish")
        return self._load(files, now)

    def load_previous(self, now: float) -> TrustedBundle:
        """Return the bundle that was in force before the last one, for where that one cannot be put in force here.

        It is believed no longer than its own expiry and the grace say, and the next refresh looks at the last one anew.

        Raises:
            UnavailableError: there is none.
            BundleError: as `load_last`.
        """
        files = _read(self._previous)
        if not files:
            raise UnavailableError("policy", "there was none before the last one")
        return self._load(files, now)

    def _load(self, files: Mapping[str, bytes], now: float) -> TrustedBundle:
        roots = self._read_known().roots
        later = roots if len(roots) > 1 else ()
        steps = refresh(Known((self._root,)), tenant=self._tenant, now=now, grace=self._grace, later=later)
        update = replay(steps, files.get)
        self._files, self._earlier = files, update
        return update.bundle

    async def refresh(self, fetch: Fetcher, now: float) -> TrustedBundle | None:
        """Look for a newer bundle: pull, verify, prove, and make it the last trusted one.

        Returns:
            The bundle, or None if it is the one that is active already, no longer vouched for than before.

        Raises:
            BundleError: named after the attack, or unproven; what was active stays.
            PolicyError: genuine, but wrong; what was active stays.
            UnavailableError: the repository does not answer, or lacks a file.
        """
        async with self._lock:
            known = await asyncio.to_thread(self._read_known)
            steps = refresh(known, tenant=self._tenant, now=now, earlier=self._earlier)
            update = await self._follow(steps, fetch)
            if update.files == self._files:
                return None
            if update.path not in self._files:
                await self._prove(update)
            await asyncio.to_thread(self._store, update)
            return update.bundle

    def _store(self, update: Update) -> None:
        if self._files and update.path not in self._files:
            replace_file(self._previous, pack(self._files))
        replace_file(self._active, pack(update.files))
        self._files, self._earlier = update.files, update

    def compiled(self, patterns: Iterable[Pattern]) -> None:
        """Take note that these patterns compile here, so that no bundle with them must prove it again."""
        self._patterns = frozenset(patterns)

    async def _prove(self, update: Update) -> None:
        """Prove a bundle once: one that was refused is not run again until the publisher replaces it."""
        if update.sha256 in self._refused:
            error = self._refused[update.sha256]
            raise UnprovenError(error.thing, error.reason, error.fix)
        try:
            if self._shipped is None:
                self._shipped = await asyncio.to_thread(_shipped)
            await prove(update.bundle, patterns=self._patterns | self._shipped, guarded=True)
        except UnprovenError as error:
            self._refused = {update.sha256: error}
            raise
        self.compiled(update.bundle.policy.patterns)

    async def _follow(self, steps: Steps[Update], fetch: Fetcher) -> Update:
        reply: bytes | None = None
        while True:  # verifying ten thousand rules takes seconds: never on the loop that answers calls
            step = await asyncio.to_thread(_next, steps, reply)
            reply = None
            match step:
                case Update():
                    return step
                case Keep():
                    await asyncio.to_thread(self._write_known, step.known)
                case Fetch():
                    reply = self._held(step) or await self._fetch(fetch, step.path)

    async def _fetch(self, fetch: Fetcher, path: str) -> bytes | None:
        try:
            async with asyncio.timeout(self._fetch_seconds):
                return await fetch(path)
        except TimeoutError as error:
            raise UnavailableError(path, f"did not come within {self._fetch_seconds:g} s") from error

    def _held(self, wanted: Fetch) -> bytes | None:
        """Return a bundle that is here already: it is named by its hash, and checked like one from outside."""
        return self._files.get(wanted.path) if wanted.path.startswith("bundles/") else None

    def _read_known(self) -> Known:
        files = _read(self._known)
        if files.get("root/0.json") != self._root:
            return Known((self._root,))
        roots = sorted((name for name in files if name.startswith("root/")), key=_number)
        return Known(tuple(files[name] for name in roots), files["timestamp.json"], files["snapshot.json"])

    def _write_known(self, known: Known) -> None:
        files = {f"root/{number}.json": raw for number, raw in enumerate(known.roots)}
        files |= {"timestamp.json": known.timestamp, "snapshot.json": known.snapshot}
        if files != _read(self._known):
            replace_file(self._known, pack(files))


def _shipped() -> frozenset[Pattern]:
    """Return what need not be proved; where the program's own policy is missing or was changed, that is nothing."""
    with suppress(PolicyError):
        return frozenset(shipped_patterns())
    return frozenset()


def _next(steps: Steps[Update], reply: bytes | None) -> Fetch | Keep | Update:
    """Return the next step, or where the steps arrived: a thread cannot hand over their end as it is."""
    try:
        return steps.send(reply)
    except StopIteration as end:
        update: Update = end.value
        return update


def _number(name: str) -> int:
    return int(name.removeprefix("root/").removesuffix(".json"))


def _read(path: Path) -> Mapping[str, bytes]:
    try:
        return unpack(path.read_bytes())
    except FileNotFoundError:
        return {}
    except BundleError as error:
        raise TamperedError(
            str(path), f"is damaged: {error.reason}", "delete it; the next refresh makes it anew"
        ) from error
    except OSError as error:
        raise UnavailableError(str(path), f"cannot be read ({error.strerror})") from error


def replay(steps: Steps[Update], get: Callable[[str], bytes | None]) -> Update:
    """Follow a repository that is here already."""
    reply: bytes | None = None
    while not isinstance(step := _next(steps, reply), Update):
        reply = get(step.path) if isinstance(step, Fetch) else None
    return step
