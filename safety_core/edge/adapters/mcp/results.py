"""What a tool gives back -> the text that a model reads: text as it is, whatever else in one line about it."""

from __future__ import annotations

import json
from typing import Any

from mcp_types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from safety_core.model.tool_call import ToolResult


def result_of(answer: CallToolResult) -> ToolResult:
    """Return the result; status 1 where the tool says that it failed."""
    parts = [_told(part) for part in answer.content]
    if not parts and answer.structured_content is not None:
        parts = [json.dumps(answer.structured_content, ensure_ascii=False)]
    return ToolResult("\n".join(parts), int(answer.is_error))


def _told(part: Any) -> str:
    match part:
        case TextContent(text=text):
            return text
        case ImageContent() | AudioContent():
            return f"[{part.type}: {part.mime_type}, {len(part.data) * 3 // 4} bytes]"
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return f"[resource {resource.uri}]\n{resource.text}"
        case EmbeddedResource(resource=resource):
            return f"[resource {resource.uri}: {resource.mime_type}, not shown]"
        case ResourceLink(uri=uri, name=name):
            return f"[link to {name}: {uri}]"
        case _:
            return "[a part of a kind that is not known]"
