"""A publisher's repository in memory, and the attacker who serves it.

repository = Repository()
repository.publish(release("calm"))
bundle = repository.client().refresh()        # what an edge does
repository.files["timestamp.json"] = old      # what an attacker does
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache

from tuf.api.metadata import Metadata

from safety_core.bundle.archive import pack
from safety_core.bundle.roles import Ed25519Signer, Keys, Release, document_bytes, make_root, publish, renew
from safety_core.bundle.sign import new_private_pem, public_pem, sign_files
from safety_core.bundle.source import compile_sources
from safety_core.bundle.trust import Fetch, Keep, Known, Steps, Update, refresh

TENANT = "tenant-one"
NOW = 1_800_000_000.0
DAY = 24 * 3600.0

RULE = """\
# METADATA
# title: Deletes for good
# description: What is deleted cannot be brought back.
# custom:
#   id: deletes
#   kinds: [destroy]
package safety.rules.deletes

import rego.v1

hits contains {"level": "red", "reason": sprintf("deletes %s", [target.value])} if {
	some action in input.actions
	action.kind == "destroy"
	some target in action.targets
}
"""

SOURCES: Mapping[str, bytes] = {
    "manifest.yaml": b"name: A test's policy\nformat: 1\n",
    "matrix.yaml": b"""\
green: {supervised: allow, trusted: allow, autonomous: allow}
yellow: {supervised: ask, trusted: allow, autonomous: allow}
yellow_external: {supervised: ask, trusted: ask, autonomous: ask}
red: {supervised: ask, trusted: ask, autonomous: allow}
critical_red: {supervised: ask_strong, trusted: ask_strong, autonomous: ask_strong}
""",
    "floors/base.yaml": b"floors:\n  - {rule: deletes, reason: never here}\n",
    "rules/deletes/deletes.rego": RULE.encode(),
}


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@cache
def bundle_key() -> bytes:
    return new_private_pem()


def signer(name: str) -> Ed25519Signer:
    """Return a key that is always the same for the same name."""
    return Ed25519Signer(hashlib.sha256(name.encode()).digest())


def role_keys(label: str = "one") -> dict[str, Keys]:
    """Return the keys of all roles: root and targets by two of three."""
    return {
        "root": Keys(tuple(signer(f"root {label} {number}") for number in range(3)), 2),
        "targets": Keys(tuple(signer(f"targets {label} {number}") for number in range(3)), 2),
        "snapshot": Keys((signer(f"snapshot {label}"),)),
        "timestamp": Keys((signer(f"timestamp {label}"),)),
    }


def rule(name: str, body: str, *, kinds: str = "") -> bytes:
    """Return a rule that is red wherever `body` holds."""
    index = f"\n#   kinds: [{kinds}]" if kinds else ""
    return f"""\
# METADATA
# title: A rule
# description: For a test.
# custom:
#   id: {name}{index}
package safety.rules.{name}

import rego.v1

hits contains {{"level": "red", "reason": "because"}} if {{ {body} }}
""".encode()


@cache
def release(revision: str = "calm", tenant: str = TENANT) -> Release:
    return release_of(signed_files(revision, tenant), revision, tenant)


def release_from(sources: Mapping[str, bytes], revision: str) -> Release:
    return release_of(signed(compile_sources(sources, tenant=TENANT, revision=revision)), revision)


def unsigned_files(revision: str = "calm", tenant: str = TENANT) -> Mapping[str, bytes]:
    return compile_sources(SOURCES, tenant=tenant, revision=revision)


def signed(files: Mapping[str, bytes], scope: str = TENANT) -> Mapping[str, bytes]:
    return sign_files(files, bundle_key(), scope=scope)


def signed_files(revision: str = "calm", tenant: str = TENANT, *, scope: str = "") -> Mapping[str, bytes]:
    return signed(unsigned_files(revision, tenant), scope or tenant)


def release_of(files: Mapping[str, bytes], revision: str = "calm", tenant: str = TENANT) -> Release:
    return Release(tenant, revision, pack(files), public_pem(bundle_key()))


def root_of(label: str) -> bytes:
    """Return a root document of somebody else."""
    return make_root(role_keys(label), version=1, now=NOW)


class Repository:
    """All files that were ever published, and the keys that made them."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.keys = role_keys()
        self.root = make_root(self.keys, version=1, now=now)
        self.files: dict[str, bytes] = {"root/1.json": self.root}

    @property
    def signers(self) -> dict[str, tuple[Ed25519Signer, ...]]:
        return {name: keys.signers[: keys.threshold] for name, keys in self.keys.items()}  # type: ignore[misc]

    def publish(self, new: Release | None = None) -> Repository:
        self.files.update(publish(self.files, new or release(), self.signers, self.now))
        return self

    def renew(self) -> Repository:
        self.files.update(renew(self.files, self.signers, self.now))
        return self

    def rotate(self, keys: Mapping[str, Keys], *, also: tuple[Ed25519Signer, ...] | None = None) -> Repository:
        """Publish the next root, with other keys, signed by those before unless the attacker lacks them."""
        version = sum(name.startswith("root/") for name in self.files) + 1
        old = self.signers["root"] if also is None else also
        self.files[f"root/{version}.json"] = make_root(keys, version=version, now=self.now, also=old)
        self.keys = dict(keys)
        return self

    def edit(self, path: str, change: Callable[[dict], None], *, resign: bool = True) -> None:  # type: ignore[type-arg]
        """Change a document; with `resign`, as somebody does who has the role's keys."""
        document = json.loads(self.files[path])
        change(document["signed"])
        if not resign:
            self.files[path] = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
            return
        metadata = Metadata.from_dict({**document, "signatures": []})
        self.files[path] = document_bytes(metadata, self.signers[metadata.signed.type])

    def client(self) -> Client:
        return Client(self, Known((self.root,)))


class Client:
    """An edge: asks the repository, and remembers what it verified."""

    def __init__(self, repository: Repository, known: Known) -> None:
        self.repository = repository
        self.known = known
        self.earlier: Update | None = None
        self.asked: list[str] = []

    def refresh(self, *, now: float | None = None, tenant: str = TENANT, grace: float = 0.0) -> Update:
        at = self.repository.now if now is None else now
        self.earlier = self.follow(refresh(self.known, tenant=tenant, now=at, grace=grace, earlier=self.earlier))
        return self.earlier

    def follow(self, steps: Steps[Update]) -> Update:
        reply: bytes | None = None
        try:
            while True:
                step = steps.send(reply)
                reply = self._answer(step)
        except StopIteration as end:
            found: Update = end.value
            return found

    def _answer(self, step: Fetch | Keep) -> bytes | None:
        if isinstance(step, Keep):
            self.known = step.known
            return None
        self.asked.append(step.path)
        return self.repository.files.get(step.path)
