"""What we claim, and what we do not, with the reason: by what the gateway can do, whatever a run shows.

A case that asks for something which is not claimed does not apply, and is counted by its reason.
"""

from __future__ import annotations

from typing import Final

from bench.agent_egress.case import Case

CAPABILITIES: Final = frozenset({
    "url_dlp", "request_body_dlp", "header_dlp", "response_injection", "mcp_input_scan", "mcp_tool_poison", "mcp_chain",
    "ssrf", "domain_blocklist", "entropy", "encoding_evasion", "benign", "a2a_scan", "a2a_card_poison", "websocket_dlp",
    "ssrf_bypass", "shell_obfuscation", "crypto_dlp", "hostname_exfil",
})  # fmt: skip
"""All that the format knows."""

FEATURES: Final = frozenset({
    "tls_interception", "request_body_scanning", "header_scanning", "response_scanning", "mcp_tool_baseline",
    "mcp_chain_memory", "websocket_frame_scanning", "a2a_scanning", "shell_analysis", "dns_rebinding_fixture",
})  # fmt: skip

TRANSPORTS: Final = frozenset({"fetch_proxy", "http_proxy", "mcp_stdio", "mcp_http", "websocket", "a2a"})

NOT_CLAIMED: Final[dict[str, str]] = {
    "websocket": "the forward proxy refuses every WebSocket unread, so a block says nothing about what was in it",
}
"""Capability, feature or transport -> why we do not claim it."""


def not_applicable(case: Case) -> str:
    """Return why a case does not apply; empty where it does."""
    asked = {*case.tags, *case.requires, case.transport}
    for one in sorted(asked & NOT_CLAIMED.keys()):
        return f"{one}: {NOT_CLAIMED[one]}"
    strange = asked - CAPABILITIES - FEATURES - TRANSPORTS
    return f"{min(strange)}: this runner does not know it" if strange else ""
