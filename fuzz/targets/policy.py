"""What policy consists of, as its author writes it and as an edge reads it: refused by name, or kept as it was.

The first byte says what the rest is: a source file, a part of a bundle's data, vectors, a manifest, a blueprint or the
state of one that runs.
"""

from __future__ import annotations

import json

from fuzz.trial import Target
from safety_core.blueprint.parse import parse_blueprints
from safety_core.blueprint.stored import run_from_json, run_to_json
from safety_core.blueprint.template import paths_in
from safety_core.bundle.contents import DATA, MANIFEST, read_contents
from safety_core.bundle.document import read_document
from safety_core.bundle.golden import read_vectors, vector_line
from safety_core.bundle.source import compile_sources
from safety_core.canonical import canonical_bytes
from safety_core.wire.reader import Reader, check_retold, parse_json
from tests.simulators.small_policy import SMALL

_FILES = (
    "matrix.yaml",
    "floors/base.yaml",
    "catalogue/all.yaml",
    "agents.yaml",
    "approvers.yaml",
    "rules/deletes/deletes.rego",
    "manifest.yaml",
)
_TENANT = "bakery"
MEMORY = 128


def start() -> Target:
    """Return the reader."""
    files = dict(compile_sources(SMALL, tenant=_TENANT, revision="r"))
    data = json.loads(files[DATA])

    def read(raw: bytes) -> None:
        way, rest = raw[:1], raw[1:]
        match way:
            case b"Y":
                read_document("a.yaml", rest)
            case b"S":
                name = _FILES[(rest[0] if rest else 0) % len(_FILES)]
                read_contents(
                    compile_sources({**SMALL, name: rest[1:]}, tenant=_TENANT, revision="r"), tenant=_TENANT, version=1
                )
            case b"D":
                changed = {**data, **Reader.parse(rest, "data").whole()}
                read_contents({**files, DATA: canonical_bytes(changed)}, tenant=_TENANT, version=1)
            case b"M":
                read_contents({**files, MANIFEST: rest}, tenant=_TENANT, version=1)
            case b"V":
                check_retold(b"[" + rest.replace(b"\n", b",") + b"]", "vectors")
                vectors = read_vectors(rest, "golden.jsonl")
                again = b"".join(vector_line(vector.facts, vector.hits) for vector in vectors)
                assert read_vectors(again, "golden.jsonl") == vectors, "written, they read differently"
            case b"R":
                check_retold(rest, "run")
                run = run_from_json(Reader.parse(rest, "run"))
                assert run_from_json(Reader(run_to_json(run), "run")) == run, "written, it reads differently"
            case _:
                [*paths_in(parse_json(rest, "blueprints"))]
                parse_blueprints(Reader.parse(rest, "blueprints"))

    return read
