"""Does every byte pass the edge? The way to the models, the keys, and the stores that nobody redacts."""

from __future__ import annotations

from collections.abc import Iterator

from safety_core.canonical import Json, JsonObject
from safety_core.cli.openclaw.findings import INSTALL, Check, Findings, Layer, verdict
from safety_core.cli.openclaw.guard import loud_stores
from safety_core.cli.openclaw.keys import held_keys
from safety_core.cli.openclaw.tree import found, found_table
from safety_core.cli.openclaw.wish import owner


def redaction(found_: Findings) -> Iterator[Check]:
    """Check the way to models, keys, stores and the middleware."""
    layer = Layer.REDACTION
    past = [*_past_the_edge(found_)]
    way = "; ".join(past) or f"every provider leads to {found_.egress}"
    yield verdict(layer, "way to models", not past, way, INSTALL)
    yield from _keys(found_)
    loud = loud_stores(found_.tree)
    if found_.variable not in {"", "0", "false"}:
        loud.append("OPENCLAW_TRAJECTORY of this shell wins over openclaw.json: unset it where the gateway starts")
    yield verdict(layer, "raw stores", not loud, "; ".join(loud) or "trajectory and content captures are off", INSTALL)
    declared: Json = found(found_.inspected, "plugin", "contracts", "agentToolResultMiddleware")
    if found_.inspected is not None:
        proof = "redacts results before the model sees them" if declared else "is not declared"
        yield verdict(layer, "middleware", bool(declared), proof, INSTALL)
    for entry in _layers_of(found_.edge):
        if entry.get("layer") == "secrets redaction":
            yield verdict(layer, "edge", entry.get("state") == "on", str(entry.get("detail")), "see `safety status`")


def _keys(found_: Findings) -> Iterator[Check]:
    """Check that OpenClaw holds no key: in its configuration, in copies of it, in its own store."""
    layer, keys = Layer.REDACTION, held_keys(found_.tree)
    proof = f"stand at {', '.join(keys)}" if keys else "no provider's key is here"
    yield verdict(layer, "keys", not keys, proof, INSTALL)
    if found_.copies:
        proof = f"a provider's key stands in {', '.join(found_.copies)}"
        yield verdict(layer, "keys in copies", False, proof, "restart OpenClaw's gateway; remove what still has one")
    if found_.sign_ins is not None and not any(found_.sign_ins.values()):
        yield verdict(layer, "sign-ins", True, "OpenClaw's own store holds none", "")
    for agent, names in (found_.sign_ins or {}).items():
        if names:
            proof = f"OpenClaw's store holds {', '.join(names)}"
            fix = f"openclaw models auth logout {names[0]} --agent {agent} --yes"
            yield verdict(layer, f"sign-ins of {agent}", False, proof, fix)


def _past_the_edge(found_: Findings) -> Iterator[str]:
    if found(found_.tree, "models", "mode") != "replace":
        yield "models.mode is not replace: OpenClaw finds providers by itself"
    for name, entry in found_table(found_.tree, "models", "providers").items():
        agent = owner(entry)
        if not str(found(entry, "baseUrl") or "").startswith(f"{found_.egress}/"):
            yield f"{name} goes elsewhere"
        elif agent is None or agent not in found_.tokens:
            yield f"{name} has no token of an agent"
        if any(found(entry, "request", route) is not None for route in ("proxy", "tls")):
            yield f"{name} has a route of its own"
        listed = found(entry, "models")
        if any(found(model, "baseUrl") is not None for model in (listed if isinstance(listed, list) else [])):
            yield f"a model of {name} goes elsewhere"


def _layers_of(edge: JsonObject | None) -> list[JsonObject]:
    listed = edge.get("layers") if edge else None
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
