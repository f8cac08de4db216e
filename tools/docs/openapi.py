"""An OpenAPI 3.1 document as a page: each request with what it takes, who may send it and what is answered."""

from __future__ import annotations

import json
from typing import Any, Final

from hub.openapi.document import document as hub_document
from proxy.control.openapi.document import document as edge_document

Node = dict[str, Any]

HEAD: Final = """\
# API of the {name}

Made from the program's own OpenAPI 3.1 document. {more}

What is refused is answered by `{{"error": {{"thing", "reason", "fix"}}}}`. Any request may be answered:
"""
HUB_MORE: Final = "`safety hub openapi` prints the document itself; [wire.md](../wire.md) says how to sign."
EDGE_MORE: Final = (
    "`safety edge --openapi` prints the document itself; [wire.md](../wire.md) says what the requests mean. "
    "The Unix socket `edge.sock` takes them without a token, the listener on loopback with one."
)


def hub_page() -> str:
    """Return the page of the hub's API."""
    return page("hub", HUB_MORE, json.loads(hub_document()))


def edge_page() -> str:
    """Return the page of the edge's API."""
    return page("edge", EDGE_MORE, json.loads(edge_document()))


def page(name: str, more: str, document: Node) -> str:
    """Return a document as a page: the requests, then the shapes that they name."""
    requests = [
        (f"{method.upper()} {path}", entry)
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
        if "responses" in entry
    ]
    errors = _common([entry["responses"] for _, entry in requests])
    told = [HEAD.format(name=name, more=more), _answers(errors), "## Requests\n"]
    told += [_request(title, entry, errors) for title, entry in requests]
    told.append("## Shapes\n")
    told += [_shape(title, schema) for title, schema in document.get("components", {}).get("schemas", {}).items()]
    return "\n".join(told)


def words(schema: Any) -> str:
    """Return a schema in a few words: its type, bounds and choices; what it refers to as a link."""
    if not isinstance(schema, dict) or not schema:
        return "anything"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    for key, between in (("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")):
        if key in schema:
            return between.join(words(entry) for entry in schema[key])
    return _typed(schema)


def _typed(schema: Node) -> str:
    kinds = schema.get("type", "anything")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if kind == "array":
        return f"list of {words(schema.get('items', {}))}{_bounds(schema)}"
    if schema.get("properties"):
        needed = set(schema.get("required", ()))
        inside = (
            f"`{name}`{'' if name in needed else '?'} {words(entry)}" for name, entry in schema["properties"].items()
        )
        return f"{{{'; '.join(inside)}}}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object, each value {words(schema['additionalProperties'])}"
    return kind + _bounds(schema)


SAFE: Final = 2**53 - 1
"""The largest whole number that JSON carries everywhere (RFC 8259, 6): no bound worth telling."""

BOUNDS: Final = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "to {}",
    "minLength": "{} characters at least",
    "maxLength": "{} characters at most",
    "minItems": "{} at least",
    "maxItems": "{} at most",
    "pattern": "`{}`",
    "format": "{}",
}


def _bounds(schema: Node) -> str:
    told = [form.format(schema[key]) for key, form in BOUNDS.items() if schema.get(key, SAFE) != SAFE]
    return f" ({', '.join(told)})" if told else ""


def _common(answers: list[Node]) -> Node:
    """Return the errors that every request may be answered, so that they are told once."""
    first = answers[0] if answers else {}
    return {
        status: told
        for status, told in first.items()
        if status[0] in "45" and all(each.get(status) == told for each in answers)
    }


def _answers(answers: Node) -> str:
    rows = (f"| {status} | {_cell(_answer(answer))} |" for status, answer in answers.items())
    return "\n".join(["| answer | |", "|---|---|", *rows, ""])


def _request(title: str, operation: Node, errors: Node) -> str:
    told = [f"### {title}\n", f"{_sentence(operation.get('summary', ''))}{_who(operation)}\n"]
    if operation.get("description"):
        told.append(f"{operation['description']}\n")
    if given := operation.get("parameters"):
        rows = (f"| `{entry['name']}` | {entry['in']} | {_cell(words(entry.get('schema')))} |" for entry in given)
        told.append("\n".join(["| parameter | in | |", "|---|---|---|", *rows]) + "\n")
    if "requestBody" in operation:
        told.append(f"Takes {_content(operation['requestBody'].get('content', {}))}.\n")
    own = {status: answer for status, answer in operation["responses"].items() if errors.get(status) != answer}
    return "\n".join([*told, _answers(own)])


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _who(operation: Node) -> str:
    schemes = sorted({name for entry in operation.get("security", ()) for name in entry})
    if schemes in ([], ["token"]):  # the edge's listener on loopback: the head of its page tells of it, once
        return ""
    return " Signed by an edge." if "Safety-Signature" in schemes else f" Needs a token: {', '.join(schemes)}."


def _answer(answer: Node) -> str:
    told = _content(answer.get("content", {}))
    return f"{answer.get('description', '')}: {told}" if told else str(answer.get("description", ""))


def _content(content: Node) -> str:
    plain = "application/json"
    return " or ".join(
        (words(entry.get("schema")) if kind == plain else f"`{kind}`") for kind, entry in content.items()
    )


def _shape(title: str, schema: Node) -> str:
    if not schema.get("properties"):
        return f"### {title}\n\n{schema.get('description', '')}\n\n{words(schema)}\n"
    needed = set(schema.get("required", ()))
    rows = (
        f"| `{name}` | {'yes' if name in needed else ''} | {_cell(words(entry))} | {_cell(_described(entry))} |"
        for name, entry in schema["properties"].items()
    )
    head = f"### {title}\n\n{schema.get('description', '')}\n\n| field | required | | |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _described(entry: Any) -> str:
    return str(entry.get("description", "")) if isinstance(entry, dict) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
