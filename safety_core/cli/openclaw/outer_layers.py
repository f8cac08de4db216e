"""The layers that are OpenClaw's own: its release, its sandbox, its tools; held against the signed manifest."""

from __future__ import annotations

from collections.abc import Iterator

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.findings import INSTALL, START, Check, Findings, Layer, State, checked_in_plugins, verdict
from safety_core.cli.openclaw.guard import IMPLIED, entry_of
from safety_core.cli.openclaw.host import LEAST, TESTED
from safety_core.cli.openclaw.tree import found, found_table, words
from safety_core.cli.openclaw.wish import Manifest


def host(found_: Findings) -> Iterator[Check]:
    """Check the release."""
    seen = [found_.version or "", *(str(entry.get("host") or "") for entry in checked_in_plugins(found_))]
    versions = [*dict.fromkeys(version for version in seen if version)]
    if not versions:
        fix = "give --openclaw FILE, or start the gateway"
        yield Check(Layer.OPENCLAW, "release", State.NOT_CHECKED, "no `openclaw` on the PATH", fix)
    for version in versions:
        known = "tested with it" if version in TESTED else f"tested with {', '.join(TESTED)} only"
        least = ".".join(map(str, LEAST))
        yield verdict(Layer.OPENCLAW, "release", _parts(version) >= LEAST, f"{version}; {known}", f"at least {least}")


def _parts(version: str) -> tuple[int, ...]:
    numbers = [part.partition("-")[0] for part in version.split(".")[:3]]
    return tuple(int(number) if number.isdecimal() else 0 for number in numbers)


def sandbox(found_: Findings) -> Iterator[Check]:
    """Check each agent's sandbox."""
    for agent, manifest in _manifests(found_):
        if manifest is None:
            yield _unknown(Layer.SANDBOX, agent, found_)
        elif not manifest.sandboxed:
            yield _free(Layer.SANDBOX, agent, found_, "policy asks for none")
        else:
            ways = [*_ways_out(found_.tree, agent)]
            proof = "; ".join(ways) or "policy asks for it: mode all, no elevated commands, exec stays inside"
            yield verdict(Layer.SANDBOX, agent, not ways, proof, INSTALL)


def _ways_out(tree: JsonObject, agent: str) -> Iterator[str]:
    """Yield the ways in which an agent's commands may run outside of a sandbox."""
    entry, defaults = entry_of(tree, agent), found_table(tree, "agents", "defaults")
    mode = found(entry, "sandbox", "mode") or found(defaults, "sandbox", "mode") or "off"
    if mode != "all":
        yield f"its mode is {mode}, policy asks for all"
    elevated = [found(place, "tools", "elevated", "enabled") for place in (entry, tree)]
    if all(enabled is not False for enabled in elevated):
        yield "elevated commands are not switched off"
    host = found(entry, "tools", "exec", "host") or found(tree, "tools", "exec", "host") or "auto"
    if host not in {"auto", "sandbox"}:
        yield f"exec runs on the {host}"


def tools(found_: Findings) -> Iterator[Check]:
    """Check each agent's list of tools."""
    for agent, manifest in _manifests(found_):
        if manifest is None:
            yield _unknown(Layer.TOOLS, agent, found_)
        elif manifest.tools is None:
            yield _free(Layer.TOOLS, agent, found_, "policy lists no tools: every tool is judged by its level")
        else:
            wrong = [*_other_tools(entry_of(found_.tree, agent), manifest.tools)]
            listed = f"exactly the {len(manifest.tools)} tools of its manifest"
            yield verdict(Layer.TOOLS, agent, not wrong, "; ".join(wrong) or listed, INSTALL)


def _other_tools(entry: JsonObject, tools: tuple[str, ...]) -> Iterator[str]:
    allowed = {name.lower() for name in words(found(entry, "tools", "allow"))}
    wanted = {name.lower() for name in tools}
    if not isinstance(found(entry, "tools", "allow"), list) or (not allowed and wanted):
        yield "no list of tools"
    else:
        for what, names in (("may also reach", allowed - wanted), ("is kept from", wanted - allowed)):
            if names:
                yield f"{what} {', '.join(sorted(names))}"
    if found(entry, "tools", "alsoAllow") is not None:
        yield "alsoAllow adds to the list"
    denied = words(found(entry, "tools", "deny"))
    for tool, implied in IMPLIED.items():
        if tool in wanted and implied not in wanted and implied not in denied:
            yield f"{tool} brings {implied} along, which is not denied"


def _manifests(found_: Findings) -> Iterator[tuple[str, Manifest | None]]:
    known = found_.manifests
    for agent in found_.agents:
        # An agent that policy does not name has the default: no list, no sandbox.
        yield agent, None if known is None else known.get(agent, Manifest())


def _free(layer: Layer, agent: str, found_: Findings, proof: str) -> Check:
    """Return the check of an agent that policy holds to nothing: rightly, unless it means it by another spelling."""
    named = found_.manifests or {}
    meant = [name for name in named if name != agent and name.strip().lower() == agent]
    if agent in named:
        return Check(layer, agent, State.IN_FORCE, proof)
    if not meant:
        return Check(layer, agent, State.IN_FORCE, f"policy does not name it; {proof}")
    told = f"policy names {meant[0]}, which is another agent; {proof}"
    return verdict(layer, agent, False, told, f"write {agent} in the policy's agents.yaml")


def _unknown(layer: Layer, agent: str, found_: Findings) -> Check:
    fix = START if found_.edge is None else "is the edge of this version?"
    return Check(layer, agent, State.NOT_CHECKED, "the edge does not say what policy asks for", fix)
