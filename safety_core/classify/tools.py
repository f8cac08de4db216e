"""What a tool does: by its catalogue entry, by the call that is inside of it, or by the words in its names."""

from __future__ import annotations

from typing import Final

from safety_core.canonical import JsonObject
from safety_core.classify.arguments import names_in, object_in, objects_in
from safety_core.classify.listed import ListedTool
from safety_core.classify.notes import Notes
from safety_core.classify.unlisted import judge_unlisted
from safety_core.wire.names import NAME_LIMIT, plain

DEEPEST: Final = 4
"""Tools that call tools."""


def judge_tool(notes: Notes, name: str, params: JsonObject, depth: int = 0) -> str:
    """Note what the tool does with `params`; return its canonical name, or that of the tool that it calls."""
    known = notes.catalogue.tool(name)
    if known is None:
        judge_unlisted(notes, name, params)
        return name
    canonical, entry = known
    inner = object_in(entry, "inner")
    if inner:
        return _judge_inner(notes, inner, params, depth)
    ListedTool(notes, canonical, entry, params).run()
    return canonical


def _judge_inner(notes: Notes, inner: JsonObject, params: JsonObject, depth: int) -> str:
    """Judge the call that is inside of this one; where there could be several, each of them."""
    names = [value for key in names_in(inner.get("name")) if isinstance(value := params.get(key), str)]
    arguments = [given for key in names_in(inner.get("arguments")) for given in objects_in(params.get(key))]
    if not names or not arguments or depth >= DEEPEST:
        notes.doubt("a call of another tool that does not say which, with what")
        return "tool_call"
    found = [judge_tool(notes, name, given, depth + 1) for name in dict.fromkeys(names) for given in arguments]
    if len(found) > 1:
        notes.doubt("a call of another tool that could be one of several")
    elif plain(found[0], NAME_LIMIT) == found[0]:
        return found[0]
    else:
        notes.doubt("a call of another tool whose name is no name")
    return "tool_call"
