"""The YAML sources -> the data of a bundle, with the place on which each value was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.bundle.document import Document, read_document
from safety_core.bundle.keyed import written_out
from safety_core.bundle.origins import Origins
from safety_core.bundle.overlay import overlay
from safety_core.canonical import Json, JsonObject
from safety_core.errors import PolicyError

FORMAT: Final = 1
"""Version of the source format that this program reads."""

SAMPLES: Final = ("must_match", "must_not_match")
"""Fields of a pattern that only its tests need."""


def gather(files: Mapping[str, bytes], tenant: str = "") -> tuple[JsonObject, Origins]:
    """Return the data that the sources say (without tenant, revision and index), and where.

    Args:
        tenant: whose overlay (tenants/<tenant>/) is laid over the rest; nobody's where it is empty.

    Raises:
        PolicyError: naming file and line.
    """
    origins = Origins()
    _check_manifest(_document(files, "manifest.yaml"))
    matrix, hosts = _document(files, "matrix.yaml"), _document(files, "hosts.yaml", b"{}")
    data: JsonObject = {
        "matrix": matrix.mapping(), "hosts": hosts.mapping(), "agents": {}, "default_tier": "trusted",
        "approvers": [], "outward": [], "floors": [], "catalogue": {}, "patterns": [],
    }  # fmt: skip
    origins.add(matrix, "", "data.matrix")
    origins.add(hosts, "", "data.hosts")
    _fields(data, origins, _document(files, "agents.yaml", b"{}"), ("agents", "default_tier", "budget"))
    _fields(data, origins, _document(files, "approvers.yaml", b"{}"), ("approvers", "quorum"))
    _fields(data, origins, _document(files, "outward.yaml", b"{}"), ("outward",))
    _fields(data, origins, _document(files, "egress.yaml", b"{}"), ("forward",))
    _fields(data, origins, _document(files, "plans.yaml", b"{}"), ("plans",))
    if "prices.yaml" in files:
        prices = _document(files, "prices.yaml")
        data["prices"] = prices.mapping()
        origins.add(prices, "", "data.prices")
    blueprints: JsonObject = {}
    for name in sorted(name for name in files if name.endswith(".yaml")):
        folder = name.partition("/")[0]
        if folder in {"floors", "patterns"}:
            _extend(data, origins, read_document(name, files[name]), folder)
        elif folder == "catalogue":
            _merge(data, origins, read_document(name, files[name]))
        elif folder == "blueprints":
            _blueprint(blueprints, origins, read_document(name, files[name]))
    if blueprints:
        data["blueprints"] = blueprints
    overlay(data, origins, files, tenant)
    data["floors"] = [
        _floor(entry, origins.place(f"data.floors[{n}]")) for n, entry in enumerate(_list(data, "floors"))
    ]
    data["patterns"] = [
        _without_samples(written_out(entry, origins.place(f"data.patterns[{n}]")))
        for n, entry in enumerate(_list(data, "patterns"))
    ]
    data["volatile"] = _volatile(data["catalogue"], origins)
    return data, origins


def _document(files: Mapping[str, bytes], name: str, default: bytes | None = None) -> Document:
    raw = files.get(name, default)
    if raw is None:
        raise PolicyError(name, "is missing", "every policy folder needs it")
    return read_document(name, raw)


def _check_manifest(manifest: Document) -> None:
    fields = manifest.mapping()
    if set(fields) != {"name", "format"} or not isinstance(fields["name"], str):
        raise PolicyError(manifest.place(), "must say name and format, and nothing else")
    if fields["format"] != FORMAT:
        raise PolicyError(
            manifest.place(".format"), f"is a source format that this version does not read; it reads {FORMAT}"
        )


def _fields(data: JsonObject, origins: Origins, document: Document, names: tuple[str, ...]) -> None:
    for name, value in document.mapping().items():
        if name not in names:
            raise PolicyError(
                document.place(f".{name}"), f"{name!r} is not a known field here", f"its fields are {', '.join(names)}"
            )
        if value is not None:
            data[name] = value
            origins.add(document, f".{name}", f"data.{name}")


def _extend(data: JsonObject, origins: Origins, document: Document, name: str) -> None:
    fields = document.mapping()
    entries = fields.get(name)
    if set(fields) != {name} or not isinstance(entries, list):
        raise PolicyError(document.place(), f"must hold one list, named {name}")
    found = _list(data, name)
    for index, entry in enumerate(entries):
        origins.add(document, f".{name}[{index}]", f"data.{name}[{len(found)}]")
        found.append(entry)


def _merge(data: JsonObject, origins: Origins, document: Document) -> None:
    """Add the sections of one catalogue file to the others'; a name may stand in one file only."""
    catalogue = data["catalogue"]
    for section, entries in document.mapping().items():
        if not isinstance(catalogue, dict) or not isinstance(entries, dict):
            raise PolicyError(document.place(f".{section}"), "must be a mapping of names to entries")
        known = catalogue.setdefault(section, {})
        for name, entry in entries.items():
            path = f"data.catalogue.{section}.{name}"
            if not isinstance(known, dict) or name in known:
                raise PolicyError(
                    document.place(f".{section}.{name}"), f"{name!r} stands already at {origins.place(path)}"
                )
            known[name] = entry
            origins.add(document, f".{section}.{name}", path)


def _blueprint(blueprints: JsonObject, origins: Origins, document: Document) -> None:
    """Add one workflow, which is named as its file is."""
    name = document.name.rpartition("/")[2].removesuffix(".yaml")
    blueprints[name] = document.mapping()
    origins.add(document, "", f"data.blueprints.{name}")


def _list(data: JsonObject, name: str) -> list[Json]:
    value = data[name]
    return value if isinstance(value, list) else []


def _floor(entry: Json, place: str) -> Json:
    if not isinstance(entry, dict) or set(entry) != {"rule", "reason"}:
        raise PolicyError(place, "a floor must say rule and reason")
    return entry


def _without_samples(entry: Json) -> Json:
    return {key: value for key, value in entry.items() if key not in SAMPLES} if isinstance(entry, dict) else entry


def _volatile(catalogue: Json, origins: Origins) -> JsonObject:
    """Return the volatile arguments of each tool that has any, by canonical tool name."""
    found: JsonObject = {}
    tools = catalogue.get("tools", {}) if isinstance(catalogue, dict) else {}
    for name, entry in tools.items() if isinstance(tools, dict) else ():
        if not isinstance(entry, dict):
            raise PolicyError(origins.place(f"data.catalogue.tools.{name}"), "must be a mapping")
        if entry.get("volatile"):
            found[name] = entry["volatile"]
            origins.alias(f"data.volatile.{name}", f"data.catalogue.tools.{name}.volatile")
    return found
