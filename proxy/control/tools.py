"""What an agent can do with connected services: POST /v1/tools.

    {"connections": [{"name", "adapter", "words"}],
     "tools": [{"tool", "words", "connections": [names], "parameters": JSON Schema}]}

Words and parameters of a tool that a service describes itself are the service's own, as the operator pinned them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from safety_core.canonical import Json, JsonObject
from safety_core.model.connection import Connection, Connections
from safety_core.model.policy import Policy
from safety_core.model.tool_call import AgentId
from safety_core.wire.lenient import object_of

_TEXT: JsonObject = {"type": "string"}


def tools_json(policy: Policy, agent: AgentId, connections: Connections) -> JsonObject:
    """Return what `agent` may use of `connections`, by name."""
    manifest = policy.agent(agent)
    reached = [connection for _, connection in sorted(manifest.reached(connections).items())]
    adapters = object_of(policy.catalogue.get("adapters"))
    found = [*_listed(object_of(policy.catalogue.get("tools")), adapters, reached), *_described(reached)]
    tools: list[Json] = [tool for tool in found if manifest.tools is None or tool["tool"] in manifest.tools]
    named: list[Json] = [
        {
            "name": connection.name,
            "adapter": connection.adapter,
            "words": str(object_of(adapters.get(connection.adapter)).get("words", "")),
        }
        for connection in reached
    ]
    return {"connections": named, "tools": tools}


def _listed(tools: JsonObject, adapters: JsonObject, reached: Sequence[Connection]) -> Iterator[JsonObject]:
    """Yield the tools that the catalogue lists for these connections."""
    for name, listed in sorted(tools.items()):
        entry = object_of(listed)
        adapter = entry.get("adapter")
        fitting = [connection.name for connection in reached if connection.adapter == adapter and adapter in adapters]
        if fitting:
            yield _tool(name, str(entry.get("words", "")), fitting, _with_connection(entry, fitting))


def _described(reached: Sequence[Connection]) -> Iterator[JsonObject]:
    """Yield the tools that connected services describe themselves."""
    for connection in reached:
        for operation in connection.operations.values():
            tool = f"{connection.name}.{operation.name}"
            yield _tool(tool, operation.words, [connection.name], operation.parameters)


def _tool(name: str, words: str, connections: Sequence[str], parameters: JsonObject) -> JsonObject:
    return {"tool": name, "words": words, "connections": [*connections], "parameters": parameters}


def _with_connection(entry: JsonObject, fitting: Sequence[str]) -> JsonObject:
    """Return the schema with the argument that says which connection; it may be left out where there is one alone."""
    parameters = object_of(entry.get("parameters"))
    which: JsonObject = {"connection": {**_TEXT, "enum": [*fitting]}}
    wanted = parameters.get("required")
    required: list[Json] = [
        *(wanted if isinstance(wanted, list) else ()),
        *(["connection"] if len(fitting) > 1 else []),
    ]
    properties = {**which, **object_of(parameters.get("properties"))}
    return {"type": "object", **parameters, "properties": properties, **({"required": required} if required else {})}
