"""policies/ -> the files of a bundle. Pure: the same sources give the same bytes.

manifest.yaml matrix.yaml agents.yaml approvers.yaml outward.yaml hosts.yaml egress.yaml
plans.yaml floors/*.yaml catalogue/*.yaml patterns/*.yaml blueprints/*.yaml
rules/<id>/<id>.rego  (<id>_test.rego stays behind)
tenants/<tenant>/agents.yaml ...  (laid over the rest in that tenant's bundle: `overlay`)
golden.jsonl
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from safety_core.bundle.contents import (
    DATA,
    GOLDEN,
    MAIN,
    MANIFEST,
    TrustedBundle,
    fingerprint,
    manifest_bytes,
    module_text,
    read_contents,
)
from safety_core.bundle.gather import gather
from safety_core.bundle.index import build_index, main_module
from safety_core.bundle.rules import RuleHead, read_head
from safety_core.canonical import JsonObject, canonical_bytes
from safety_core.errors import PolicyError


def compile_sources(files: Mapping[str, bytes], *, tenant: str, revision: str | None = None) -> Mapping[str, bytes]:
    """Return the files of the bundle for `tenant`, by path, before packing and signing.

    Args:
        files: the sources by path relative to policies/.
        revision: a name for the bundle; by default the head of the hash of everything in it.

    Raises:
        PolicyError: naming file and line.
    """
    return compile_bundle(files, tenant=tenant, revision=revision)[0]


def compile_bundle(
    files: Mapping[str, bytes], *, tenant: str, revision: str | None = None
) -> tuple[Mapping[str, bytes], TrustedBundle]:
    """Return the files of the bundle as `compile_sources` does, and what they say: sources are trusted as they are."""
    heads = rule_heads(files)
    data, origins = gather(files, tenant)
    data["tenant"] = tenant
    data["index"] = build_index(heads)
    modules = {f"rules/{head.id}/{head.id}.rego": files[f"rules/{head.id}/{head.id}.rego"] for head in heads}
    golden = files.get(GOLDEN, b"")
    data["revision"] = name = revision or _revision(data, modules, golden)
    built = {MANIFEST: manifest_bytes(name, tenant), DATA: canonical_bytes(data), GOLDEN: golden, **modules}
    built[MAIN] = main_module(data["index"], name, fingerprint(built)).encode()
    try:
        return built, read_contents(built, tenant=tenant, version=0)
    except PolicyError as error:
        raise PolicyError(origins.place(error.thing), error.reason, error.fix) from error


def rule_heads(files: Mapping[str, bytes]) -> tuple[RuleHead, ...]:
    """Return the heads of all rules, in the order of their ids.

    Raises:
        PolicyError: naming file and line.
    """
    heads = []
    for name in sorted(files):
        folder, _, rest = name.partition("/")
        rule_id, _, file = rest.partition("/")
        if folder != "rules" or not name.endswith(".rego") or name.endswith("_test.rego"):
            continue
        if file != f"{rule_id}.rego":
            raise PolicyError(name, "is not where a rule stands", "put a rule into rules/<id>/<id>.rego")
        heads.append(read_head(name, module_text(name, files[name]), rule_id))
    return tuple(heads)


def _revision(data: JsonObject, modules: Mapping[str, bytes], golden: bytes) -> str:
    parts = {"data": canonical_bytes(data), "golden": golden, **modules}
    return hashlib.sha256(
        canonical_bytes({name: hashlib.sha256(raw).hexdigest() for name, raw in parts.items()})
    ).hexdigest()[:16]
