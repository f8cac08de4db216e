"""The bill of materials of a release, as CycloneDX 1.6: each file of the wheel that is not Python, with its hash; the
plugin; and each package that the locks pin, with the hashes that pip will insist on and who asked for it.

What it cannot say: which C libraries the wheels of others have inside of them.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
import zipfile
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.release.pins import OURS, Pin, read

NAMESPACE = uuid.UUID("a4c3b6a2-3c4e-5d0f-9a53-0f6f6a3f6a11")  # of our own; any will do, if it stays
PLUGIN = "safety_core/_openclaw/"
# What is in the wheel beside Python: what each kind is, by a part of its name.
KINDS = (
    (re.compile(r"\.so$"), "C extension"),
    (re.compile(r"^safety_core/_native/.*\.[ch]$"), "source of the C extension"),
    (re.compile(r"/static/.*\.(js|css|webmanifest|svg|png)$"), "served to browsers"),
    (re.compile(rf"^{PLUGIN}.*"), "plugin for OpenClaw"),
    (re.compile(r"^safety_core/_policies/.*"), "base policy"),
)
Json = dict[str, Any]


def bill(wheel: Path, locks: list[Path], tools: dict[str, str]) -> str:
    """The document as JSON text; the same wheel, locks and tools give the same text. Raises `SystemExit` where it would
    break the standard's schema."""
    number = wheel.name.split("-")[1]
    ours: Json = {
        "type": "application",
        "bom-ref": "safety-gateway",
        "name": "safety-gateway",
        "version": number,
        "purl": f"pkg:pypi/safety-gateway@{number}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
        "hashes": [_sum(wheel.read_bytes())],
        "components": _inside(wheel, number),
    }
    pinned = {lock.stem: read(lock) for lock in locks}
    built_with = [{"name": f"built-with:{name}", "value": value} for name, value in sorted(tools.items())]
    document: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(NAMESPACE, json.dumps(ours) + json.dumps(built_with)).urn,
        "version": 1,
        "metadata": {"component": ours, "properties": built_with},
        "components": [_package(pin, lists) for pin, lists in _listed(pinned)],
        "dependencies": _dependencies(pinned),
    }
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise SystemExit(f"the bill of materials breaks the schema: {str(wrong).splitlines()[0]}")
    return text


def _inside(wheel: Path, number: str) -> list[Json]:
    plugin: Json = {
        "type": "application",
        "bom-ref": "plugin",
        "name": "safety-gateway-openclaw",
        "version": number,
        "purl": f"pkg:npm/safety-gateway@{number}",
        "description": "the plugin for OpenClaw; it requires no package",
    }
    with zipfile.ZipFile(wheel) as packed:
        files = [
            {
                "type": "file",
                "bom-ref": f"file:{name}",
                "name": name,
                "description": kind,
                "hashes": [_sum(packed.read(name))],
            }
            for name in sorted(packed.namelist())
            if (kind := next((kind for pattern, kind in KINDS if pattern.search(name)), ""))
        ]
    return [plugin, *files]


def _listed(pinned: dict[str, dict[str, Pin]]) -> list[tuple[Pin, list[str]]]:
    """Each pin once, with the locks that it stands in."""
    pins = {(pin.name, pin.version): pin for pins in pinned.values() for pin in pins.values()}
    return [
        (
            pin,
            sorted(name for name, pins in pinned.items() if pin.name in pins and pins[pin.name].version == pin.version),
        )
        for _, pin in sorted(pins.items())
    ]


def _package(pin: Pin, lists: list[str]) -> Json:
    return {
        "type": "library",
        "bom-ref": f"{pin.name}@{pin.version}",
        "name": pin.name,
        "version": pin.version,
        "purl": f"pkg:pypi/{pin.name}@{pin.version}",
        "hashes": [{"alg": "SHA-256", "content": one} for one in sorted(pin.hashes)],
        "properties": [
            *({"name": "needed-by", "value": name} for name in lists),
            *([{"name": "marker", "value": pin.marker}] if pin.marker else []),
        ],
    }


def _dependencies(pinned: dict[str, dict[str, Pin]]) -> list[Json]:
    edges: dict[str, set[str]] = {"safety-gateway": {"plugin"}, "plugin": set()}
    for pins in pinned.values():
        refs = {pin.name: f"{pin.name}@{pin.version}" for pin in pins.values()}
        for pin in pins.values():
            edges.setdefault(refs[pin.name], set())
            for asked in pin.asked_by:
                edges.setdefault("safety-gateway" if asked == OURS else refs[asked], set()).add(refs[pin.name])
    return [{"ref": ref, "dependsOn": sorted(below)} for ref, below in sorted(edges.items())]


def _sum(content: bytes) -> Json:
    return {"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}
