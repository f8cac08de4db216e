"""Cases that nobody wrote before, in the format that the runner reads."""

from __future__ import annotations

from typing import Any


def case(name: str, kind: str, transport: str, payload: Any, *, allow: bool = False, **more: Any) -> dict[str, Any]:
    """Return one case."""
    return {
        "schema_version": 1,
        "id": name,
        "category": more.pop("category", "url"),
        "title": "t",
        "description": "d",
        "input_type": kind,
        "transport": transport,
        "payload": payload,
        "expected_verdict": "allow" if allow else "block",
        "severity": "low",
        "capability_tags": more.pop("tags", ["benign"]),
        "requires": more.pop("requires", []),
        "false_positive_risk": "low",
        "why_expected": "w",
        "notes": "",
        "source": "",
        **more,
    }


def calls(*arguments: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the payload of calls of tools."""
    return {
        "jsonrpc_messages": [
            {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": given}}
            for number, (tool, given) in enumerate(arguments)
        ]
    }


def came(**result: Any) -> dict[str, Any]:
    """Return the payload of one result."""
    return {"jsonrpc_messages": [{"jsonrpc": "2.0", "id": 1, "result": result}]}
