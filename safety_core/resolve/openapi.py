"""An OpenAPI description (3.0 or 3.1) -> the operations that agents may call by name.

    paths:
      /orders/{order_id}/refunds:
        post: {operationId: refund_order, parameters: [...], requestBody: {...}}

becomes the operation `refund_order` with the arguments `order_id` and those of its body. Where the body is no plain
object, or a name would stand for two things, the whole body is the argument `body`. What its `servers` say is passed
over: where requests go, the operator's settings say.

The description is somebody else's data: what it says makes a call graver or refuses it, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from safety_core.canonical import Json, JsonObject, digest
from safety_core.errors import InputError
from safety_core.model.connection import Operation
from safety_core.model.tool_call import Hint
from safety_core.resolve.inlined import Inliner
from safety_core.wire.lenient import object_of

METHODS: Final[Mapping[str, frozenset[Hint]]] = {
    "get": frozenset(),
    "head": frozenset(),
    "post": frozenset({Hint.WRITES}),
    "put": frozenset({Hint.WRITES}),
    "patch": frozenset({Hint.WRITES}),
    "delete": frozenset({Hint.WRITES, Hint.DESTRUCTIVE}),
}
"""HTTP method -> what makes a call graver, for as long as no security author has listed the operation."""

MOST: Final = 1000
"""Operations of one description."""

WORDS: Final = 1000
"""Characters of what an operation says of itself."""

JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
KEY_HEADER: Final = "idempotency-key"
"""A header that the edge fills itself, with the execution's own key (draft-ietf-httpapi-idempotency-key-header)."""

PASSED_OVER: Final = frozenset({"accept", "content-type", "authorization", KEY_HEADER})
"""Header parameters that are none of the caller's (OpenAPI 3.1, Parameter Object), and the key's."""

SLOTS: Final[Mapping[str, str]] = {"bearer": "token", "basic": "password", "header": "key", "query": "key"}
"""How a scheme carries a secret -> the slot of the connection that fills it."""

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Described:
    """What a description comes to.

    Attributes:
        operations: by name.
        left_out: by name or place, why it cannot be called.
    """

    operations: Mapping[str, Operation]
    left_out: Mapping[str, str]


def operations_of(document: JsonObject) -> Described:
    """Return the operations of a description.

    Raises:
        InputError: it is no description of OpenAPI 3.
    """
    version, paths = document.get("openapi"), document.get("paths")
    if not isinstance(version, str) or not version.startswith("3."):
        raise InputError("the description", "is not of OpenAPI 3.0 or 3.1", "convert it, if it is older (swagger: 2.0)")
    if not isinstance(paths, dict):
        raise InputError("the description", "has no paths")
    reading = _Reading(document)
    operations: dict[str, Operation] = {}
    left_out: dict[str, str] = {}
    for path, method, item in _items(paths, reading.inliner):
        name = _name(item, path, method)
        try:
            if name in operations:
                raise InputError(name, "has a name that another operation has, too")
            if len(operations) == MOST:
                raise InputError(name, f"is one of more than {MOST}")
            operations[name] = reading.operation(name, path, method, item)
        except InputError as error:
            left_out[name if name not in operations else f"{method.upper()} {path}"[:200]] = error.reason
    return Described(operations, left_out)


def _items(paths: JsonObject, inliner: Inliner) -> Iterator[tuple[str, str, JsonObject]]:
    for path, found in paths.items():
        shared = inliner.resolved(found, f"path {path[:80]}")
        for method in METHODS:
            operation = shared.get(method)
            if path.startswith("/") and isinstance(operation, dict):
                both = [*_list(shared.get("parameters")), *_list(operation.get("parameters"))]
                yield path, method, {**operation, "parameters": both}


def _name(item: JsonObject, path: str, method: str) -> str:
    """Return the operation's own name, or one made of method and path, fit to stand behind a connection's name."""
    own = item.get("operationId")
    words = own if isinstance(own, str) and own.strip() else f"{method}_{path}"
    return re.sub("__+", "_", _UNFIT.sub("_", words)).strip("_.")[:100] or method


class _Reading:
    """Reads operations one by one."""

    def __init__(self, document: JsonObject) -> None:
        self.inliner = Inliner(document)
        self._document = document
        self._schemes = object_of(object_of(document.get("components")).get("securitySchemes"))

    def operation(self, name: str, path: str, method: str, item: JsonObject) -> Operation:
        """Return one operation. Raises InputError: it cannot be called."""
        places, properties, required = self._parameters(name, item)
        keyed = KEY_HEADER in {str(one.get("name")).lower() for one in self._listed(name, item)}
        missing = set(re.findall(r"\{([^{}]*)\}", path)) - {key for key, place in places.items() if place == "path"}
        if missing:
            raise InputError(name, f"has no parameter for {{{sorted(missing)[0][:40]}}} in its path")
        body = self._body(name, item, properties, required)
        schema: JsonObject = {
            "type": "object",
            "properties": properties,
            "required": [*required],
            "additionalProperties": False,
        }
        said = ". ".join(str(item[key]) for key in ("summary", "description") if isinstance(item.get(key), str))
        detail: JsonObject = {
            "method": method.upper(),
            "path": path,
            "places": {**places},
            "security": self._security(item),
            "keyed": keyed,
            **body,
        }
        print_ = digest({"words": said[:WORDS], "parameters": schema, "detail": detail})
        return Operation(name, said[:WORDS], schema, METHODS[method], print_, detail)

    def _listed(self, name: str, item: JsonObject) -> list[JsonObject]:
        return [self.inliner.resolved(one, name) for one in _list(item.get("parameters"))]

    def _parameters(self, name: str, item: JsonObject) -> tuple[dict[str, str], JsonObject, list[str]]:
        """Return where each parameter stands, the schema of each, and the names of those that must be given."""
        places: dict[str, str] = {}
        properties: JsonObject = {}
        required: list[str] = []
        for one in self._listed(name, item):
            key, place = str(one.get("name", "")), str(one.get("in", ""))
            needed = one.get("required") is True or place == "path"
            if (place == "header" and key.lower() in PASSED_OVER) or (place == "cookie" and not needed):
                continue
            if place not in {"path", "query", "header"} or "content" in one:
                raise InputError(name, f"has the parameter {key[:40]} in a place or form that is not supported")
            if places.get(key, place) != place:
                raise InputError(name, f"has two parameters {key[:40]}")
            places[key] = place
            schema = object_of(self.inliner.inlined(one.get("schema"), name))
            words = one.get("description")
            properties[key] = {**schema, "description": words[:WORDS]} if isinstance(words, str) else schema
            required = [*(other for other in required if other != key), *([key] if needed else [])]
        return places, properties, required

    def _body(self, name: str, item: JsonObject, properties: JsonObject, required: list[str]) -> JsonObject:
        """Add the arguments of the body to `properties`; return what the adapter must know of it."""
        body = self.inliner.resolved(item.get("requestBody"), name)
        content, needed = object_of(body.get("content")), body.get("required") is True
        if not content:
            return {}
        kind = next((kind for kind in content if _plain(kind) in {JSON_TYPE, FORM_TYPE}), None)
        if kind is None:
            if needed:
                raise InputError(name, f"takes a body of the kind {', '.join(content)[:80]}, which is not supported")
            return {}
        schema = _merged(object_of(self.inliner.inlined(object_of(content[kind]).get("schema"), name)))
        fields = object_of(schema.get("properties"))
        if fields and not fields.keys() & properties.keys() and not {"oneOf", "anyOf"} & schema.keys():
            properties.update(fields)
            named = (key for key in _list(schema.get("required")) if isinstance(key, str))
            required += [key for key in named if needed and key in fields]
            return {"type": _plain(kind), "fields": [*fields]}
        if "body" in properties:
            raise InputError(name, "has a parameter of the name body, and a body")
        properties["body"] = schema
        required += ["body"] if needed else []
        return {"type": _plain(kind), "whole": "body"}

    def _security(self, item: JsonObject) -> list[Json]:
        """Return the ways in: each a list of what must be shown. [] where nothing is said; [[]] where nothing must."""
        wanted = item.get("security", self._document.get("security"))
        ways: list[Json] = []
        for way in _list(wanted):
            shown = [self._scheme(name) for name in object_of(way)]
            if all(shown):
                ways.append([one for one in shown if one])
        if _list(wanted) and not ways:
            raise InputError("security", "asks for a way in that is not supported")
        return [[]] if wanted == [] else ways

    def _scheme(self, name: str) -> JsonObject | None:
        """Return how a scheme carries its secret; None for one that is not supported."""
        scheme = self.inliner.resolved(self._schemes.get(name), f"security scheme {name[:40]}")
        match scheme.get("type"), str(scheme.get("scheme", "")).lower(), scheme.get("in"):
            case ("http", "basic", _):
                return {"by": "basic"}
            case ("http", "bearer", _) | ("oauth2" | "openIdConnect", _, _):
                return {"by": "bearer"}
            case ("apiKey", _, "header" | "query" as place):
                return {"by": place, "name": str(scheme.get("name", ""))}
            case _:
                return None


def _merged(schema: JsonObject) -> JsonObject:
    """Return a schema in which `allOf` of plain objects is one object."""
    parts = [_merged(object_of(part)) for part in _list(schema.get("allOf"))]
    if not parts:
        return schema
    whole: JsonObject = {name: value for name, value in schema.items() if name != "allOf"}
    properties, required = dict(object_of(whole.get("properties"))), _list(whole.get("required"))
    for part in parts:
        if part.keys() & {"oneOf", "anyOf"}:
            return schema
        properties.update(object_of(part.get("properties")))
        required = [*required, *_list(part.get("required"))]
    return {**whole, "type": "object", "properties": properties, "required": required}


def _plain(kind: str) -> str:
    """Return a media type without its parameters; any kind of JSON is JSON."""
    bare = kind.partition(";")[0].strip().lower()
    return JSON_TYPE if bare.endswith("+json") else bare


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
