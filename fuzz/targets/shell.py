"""Command lines of bash, PowerShell and cmd.exe: whatever the text, what is done before it is still seen."""

from __future__ import annotations

from fuzz.trial import Target
from safety_core.canonical import canonical_bytes
from safety_core.classify.facts import read_call
from safety_core.classify.windows import simple_commands
from safety_core.edge.shipped import shipped_bundle
from safety_core.model.facts import Kind
from safety_core.model.tool_call import AgentId, CallId, SessionId, TenantId, ToolCall


def start() -> Target:
    """Return the reader; the first byte says of whose command lines."""
    catalogue = shipped_bundle().policy.catalogue

    def facts(command: str) -> frozenset[Kind]:
        call = ToolCall(CallId("1"), TenantId("bakery"), AgentId("main"), SessionId("s"), "exec", {"command": command})
        found = read_call(call, catalogue, "/workspace").facts
        canonical_bytes(found.to_json())
        return frozenset(action.kind for action in found.actions)

    def read(raw: bytes) -> None:
        text = raw[1:].decode("utf-8", "replace")
        if raw[:1] in {b"W", b"X"}:
            for _ in simple_commands(text, "powershell" if raw[:1] == b"W" else "cmd"):
                pass
            return
        kinds = facts(text)
        more = facts(f"rm -rf /srv/data\n{text}")
        assert Kind.DESTROY in more or not kinds, "what is deleted before it is not seen any more"

    return read
