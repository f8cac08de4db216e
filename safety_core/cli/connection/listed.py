"""What agents can call of a connection whose operations the signed policy lists: the tools and their arguments."""

from __future__ import annotations

from collections.abc import Iterator

from safety_core.canonical import JsonObject
from safety_core.wire.lenient import object_of


def listed_tools(catalogue: JsonObject, adapter: str) -> Iterator[JsonObject]:
    """Yield the catalogue's tools of one adapter: {"tool", "words", "parameters"}, by name."""
    for name, entry in sorted(object_of(catalogue.get("tools")).items()):
        if isinstance(entry, dict) and entry.get("adapter") == adapter:
            words, parameters = str(entry.get("words", "")), object_of(entry.get("parameters"))
            yield {"tool": name, "words": words, "parameters": parameters}


def told(tool: JsonObject) -> str:
    """Return one tool in lines: its name, what it does, its arguments and whether they may be left out."""
    parameters = object_of(tool["parameters"])
    required = parameters.get("required")
    needed = required if isinstance(required, list) else []
    lines = [f"{tool['tool']}  {tool['words']}"]
    for name, schema in object_of(parameters.get("properties")).items():
        fact = object_of(schema)
        kind = f"{fact.get('type', 'any')}{', required' if name in needed else ''}"
        lines.append(f"    {name} ({kind})  {fact.get('description', '')}".rstrip())
    return "\n".join(lines)
