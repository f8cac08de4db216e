"""The files of a bundle -> a policy that can be judged by.

Checked, in order: only known files, and all of them; the manifest names this tenant; the data parses to a
policy, for the same tenant and revision; every module keeps the profile and stands in its own package; the
generated module is what this program generates; floors and guards name rules that exist; the golden vectors
can be read. Left to callers: who signed it (`trust`) and that its vectors come out as written
(`safety_core.edge.prove`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.bundle.golden import Vector, read_vectors
from safety_core.bundle.index import Guard, main_module, read_index
from safety_core.bundle.policy import parse_policy
from safety_core.bundle.profile import RULE_DATA, check_module
from safety_core.bundle.rules import read_head
from safety_core.canonical import JsonObject, canonical_bytes, digest
from safety_core.errors import InputError, PolicyError, WrongTenantError
from safety_core.model.policy import Policy
from safety_core.wire.reader import Reader

MANIFEST: Final = ".manifest"
DATA: Final = "data.json"
GOLDEN: Final = "golden.jsonl"
MAIN: Final = "safety/main.rego"


@dataclass(frozen=True, slots=True)
class TrustedBundle:
    """A policy that may be judged by.

    Attributes:
        modules: Rego text by path.
        data: all of the bundle's data.json.
        guards: by rule id, what the rule is indexed by.
        golden: the vectors that it must reproduce.
        fingerprint: of its rules and data; what an engine says that it judges by.
        expires: until when its publisher vouches for it, seconds since the epoch; never for sources on this machine.
    """

    policy: Policy
    modules: Mapping[str, str]
    data: JsonObject
    guards: Mapping[str, Guard]
    golden: tuple[Vector, ...]
    fingerprint: str = ""
    expires: float = math.inf

    @property
    def revision(self) -> str:
        """Short name of exactly this bundle."""
        return self.policy.revision

    @property
    def rules(self) -> dict[str, str]:
        """The modules of the rules alone, for an engine that is asked rule by rule."""
        return {name: text for name, text in self.modules.items() if name != MAIN}

    @property
    def rule_data(self) -> JsonObject:
        """What of the data these rules may read and name: an engine has no need to hold a catalogue that none does."""
        texts = self.rules.values()
        return {name: self.data[name] for name in sorted(RULE_DATA) if any(name in text for text in texts)}


def manifest_bytes(revision: str, tenant: str) -> bytes:
    """Return the OPA manifest of a bundle."""
    return canonical_bytes({"revision": revision, "roots": [""], "rego_version": 1, "metadata": {"tenant": tenant}})


def fingerprint(files: Mapping[str, bytes]) -> str:
    """Return a name for the rules and data among these files, and for nothing else that could decide otherwise."""
    parts = {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items() if name.startswith("rules/")}
    return digest({**parts, DATA: hashlib.sha256(files[DATA]).hexdigest()})


def named_tenant(files: Mapping[str, bytes]) -> str:
    """Return whom a bundle says that it is for. Raises PolicyError if it does not say so."""
    try:
        return Reader.parse(files.get(MANIFEST, b""), "bundle manifest").object("metadata").text("tenant", limit=64)
    except InputError as error:
        raise PolicyError(error.thing, error.reason, error.fix) from error


def read_contents(files: Mapping[str, bytes], *, tenant: str, version: int) -> TrustedBundle:
    """Return what the files of a bundle say.

    Args:
        version: TUF targets version; 0 for sources that were never published.

    Raises:
        PolicyError: naming the part that is wrong.
        WrongTenantError: it is a bundle for somebody else.
    """
    try:
        return _contents(files, tenant, version)
    except InputError as error:
        raise PolicyError(error.thing, error.reason, error.fix) from error


def _contents(files: Mapping[str, bytes], tenant: str, version: int) -> TrustedBundle:
    missing = {MANIFEST, DATA, GOLDEN, MAIN} - set(files)
    if missing:
        raise PolicyError(f"bundle {min(missing)}", "is missing")
    revision = _revision(files[MANIFEST], tenant)
    document = Reader.parse(files[DATA], "data")
    if document.text("tenant") != tenant:
        raise WrongTenantError("data.tenant", f"is not {tenant}")
    data = document.whole()
    policy = parse_policy(data, revision=revision, version=version)
    guards = read_index(data["index"])
    _floors(data, guards)
    sealed = fingerprint(files)
    modules = _modules(files, guards, main_module(data["index"], revision, sealed))
    return TrustedBundle(policy, modules, data, guards, read_vectors(files[GOLDEN], GOLDEN), sealed)


def _revision(raw: bytes, tenant: str) -> str:
    manifest = Reader.parse(raw, "manifest")
    revision = manifest.text("revision", limit=64)
    named = manifest.object("metadata").text("tenant", limit=64)
    if named != tenant:
        raise WrongTenantError("bundle manifest", f"names another tenant than {tenant}")
    if raw != manifest_bytes(revision, tenant):
        raise PolicyError("bundle manifest", "says more or less than revision, roots, rego_version and tenant")
    return revision


def _floors(data: JsonObject, guards: Mapping[str, Guard]) -> None:
    for number, entry in enumerate(Reader(data, "data").objects("floors")):
        floor = entry.text("rule")
        if floor not in guards:
            raise PolicyError(f"data.floors[{number}]", f"{floor!r} names no rule")


def _modules(files: Mapping[str, bytes], guards: Mapping[str, Guard], main: str) -> Mapping[str, str]:
    names = {f"rules/{rule}/{rule}.rego": rule for rule in guards}
    strays = set(files) ^ {MANIFEST, DATA, GOLDEN, MAIN, *names}
    if strays:
        raise PolicyError(f"bundle {min(strays)}", "is missing or does not belong there")
    modules = {name: module_text(name, files[name]) for name in sorted(names)}
    for name, text in modules.items():
        check_module(name, text)
        head = read_head(name, text, names[name])
        if (frozenset(head.kinds), frozenset(head.subjects)) != guards[head.id]:
            raise PolicyError(name, "is indexed otherwise than it says", "build the bundle anew")
    if files[MAIN] != main.encode():
        raise PolicyError(MAIN, "is not what the rules generate", "build the bundle anew")
    return {**modules, MAIN: main}


def module_text(name: str, raw: bytes) -> str:
    """Return the text of a Rego file, or raise PolicyError."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PolicyError(name, "is not UTF-8") from error
