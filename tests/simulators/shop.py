"""A shop's HTTP service on loopback, described by OpenAPI: products, orders, refunds; idempotency keys are honoured.

with shop() as here:
    here.url, here.token            # Authorization: Bearer TOKEN
    here.orders, here.refunds       # what came about
    here.faults.append("cut")       # the next answer is cut off in the middle, after it was done

It runs in a thread of the test's process; what it knows may be read at any time.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.simulators.serving import serving

JSON = dict[str, Any]

FAULTS: Final = ("cut", "silent", "huge", "gateway", "busy")
"""What may become of an answer: cut off in its middle, never given, 8 MiB long, 504. What was asked for is done; only
where the shop is busy (503) it is not."""

SILENCE: Final = 60.0
"""Seconds; longer than any test waits."""


@dataclass
class Shop:
    """The shop. Amounts are in cents.

    Attributes:
        asked: "POST /orders" and the like, in order, those of refused callers too.
        headers: of each of these.
        faults: what becomes of the next answers, `FAULTS`.
    """

    url: str = ""
    user: str = "till"
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    products: dict[str, JSON] = field(default_factory=dict)
    orders: dict[str, JSON] = field(default_factory=dict)
    refunds: list[JSON] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _answers: dict[str, tuple[str, int, JSON]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, (name, price) in enumerate((("cup", 900), ("plate", 1400), ("jug", 3200)), 1):
            self.products[f"p{number}"] = {"id": f"p{number}", "name": name, "price": price, "stock": 10 * number}

    def add_order(self, customer: str, items: list[JSON]) -> JSON:
        """Take an order; `items`: [{"product", "quantity"}]."""
        total = sum(self.products[item["product"]]["price"] * item["quantity"] for item in items)
        order = {"id": f"o{len(self.orders) + 1}", "customer": customer, "items": items, "total": total}
        self.orders[order["id"]] = {**order, "status": "open", "refunded": 0}
        return self.orders[order["id"]]

    def application(self) -> Starlette:
        """Return the service."""
        routes = [
            ("GET", "/openapi.json", self._describe, False),
            ("GET", "/products", self._list_products, True),
            ("GET", "/products/{product_id}", self._get_product, True),
            ("GET", "/orders", self._list_orders, True),
            ("POST", "/orders", self._create_order, True),
            ("GET", "/orders/{order_id}", self._get_order, True),
            ("PATCH", "/orders/{order_id}", self._update_order, True),
            ("DELETE", "/orders/{order_id}", self._delete_order, True),
            ("POST", "/orders/{order_id}/refunds", self._refund_order, True),
            ("GET", "/stock", self._stock, True),
            ("GET", "/report", self._report, True),
        ]
        return Starlette(
            routes=[Route(path, self._served(does, key), methods=[how]) for how, path, does, key in routes]
        )

    def _served(self, does: Any, guarded: bool) -> Any:
        async def serve(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            self.headers.append(dict(request.headers))
            if guarded and not self._known(request):
                return JSONResponse({"error": "who are you?"}, 401, {"WWW-Authenticate": "Bearer"})
            if self.faults[:1] == ["busy"]:
                self.faults.pop(0)
                return JSONResponse({"error": "later"}, 503)
            status, body = await self._once(request, does)
            return await self._faulty(status, body)

        return serve

    def _known(self, request: Request) -> bool:
        basic = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        return (
            request.headers.get("authorization") in {f"Bearer {self.token}", f"Basic {basic}"}
            or request.headers.get("x-api-key") == self.token
            or request.query_params.get("key") == self.token
        )

    async def _once(self, request: Request, does: Any) -> tuple[int, JSON]:
        """Do what is asked, once for each idempotency key."""
        body = await request.body()
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        asked = f"{request.method} {request.url.path} {body.decode()}"
        if key in self._answers:
            before, status, answer = self._answers[key]
            return (status, answer) if before == asked else (422, {"error": "this key was used for something else"})
        try:
            status, answer = does(request, json.loads(body) if body else {})
        except (KeyError, TypeError, ValueError) as error:
            return 404 if isinstance(error, KeyError) else 422, {"error": f"{error}"}
        if key:
            self._answers[key] = (asked, status, answer)
        return status, answer

    async def _faulty(self, status: int, body: JSON) -> Response:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "silent":
            await asyncio.sleep(SILENCE)
        if fault == "gateway":
            return JSONResponse({"error": "no answer in time"}, 504)
        if fault == "cut":
            return StreamingResponse(_broken(), status, {"Content-Length": "1000"}, "application/json")
        if fault == "huge":
            return JSONResponse({**body, "padding": "x" * (8 << 20)}, status)
        return JSONResponse(body, status)

    def _describe(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, description(self.url)

    def _list_products(self, request: Request, body: JSON) -> tuple[int, JSON]:
        word, most = request.query_params.get("q", ""), int(request.query_params.get("limit", "100"))
        return 200, {"products": [one for one in self.products.values() if word in one["name"]][:most]}

    def _get_product(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, self.products[request.path_params["product_id"]]

    def _list_orders(self, request: Request, body: JSON) -> tuple[int, JSON]:
        status = request.query_params.get("status", "")
        return 200, {"orders": [order for order in self.orders.values() if status in {"", order["status"]}]}

    def _create_order(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 201, self.add_order(body["customer"], body["items"])

    def _get_order(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, self.orders[request.path_params["order_id"]]

    def _update_order(self, request: Request, body: JSON) -> tuple[int, JSON]:
        order = self.orders[request.path_params["order_id"]]
        order["status"] = body["status"]
        return 200, order

    def _delete_order(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, self.orders.pop(request.path_params["order_id"])

    def _refund_order(self, request: Request, body: JSON) -> tuple[int, JSON]:
        order = self.orders[request.path_params["order_id"]]
        if not 0 < body["amount"] <= order["total"] - order["refunded"]:
            raise ValueError("more than was paid")
        order["refunded"] += body["amount"]
        refund = {"id": f"r{len(self.refunds) + 1}", "order": order["id"], "amount": body["amount"]}
        self.refunds.append(refund)
        return 201, refund

    def _stock(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, {name: product["stock"] for name, product in self.products.items()}

    def _report(self, request: Request, body: JSON) -> tuple[int, JSON]:
        return 200, {"orders": len(self.orders), "turnover": sum(order["total"] for order in self.orders.values())}


async def _broken() -> AsyncIterator[bytes]:
    yield b'{"half": '


@contextmanager
def shop() -> Iterator[Shop]:
    """Run a shop on a port of its own."""
    here = Shop()
    with serving(here.application(), lifespan="off") as here.url:
        yield here


_ID: Final = {"type": "string", "pattern": "^[a-z][0-9]+$"}


def _parameter(name: str, place: str, schema: JSON, *, required: bool = False) -> JSON:
    return {"name": name, "in": place, "required": required, "schema": schema}


def _body(schema: JSON) -> JSON:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def description(url: str) -> JSON:
    """Return the shop's OpenAPI description."""
    order, product = _parameter("order_id", "path", _ID, required=True), _parameter("product_id", "path", _ID)
    key = {"$ref": "#/components/parameters/Key"}
    answers = {"default": {"description": "what became of it"}}
    found: JSON = {
        "/products": {
            "get": {
                "operationId": "list_products",
                "summary": "Look for products",
                "parameters": [
                    _parameter("q", "query", {"type": "string"}),
                    _parameter("limit", "query", {"type": "integer", "minimum": 1}),
                ],
            }
        },
        "/products/{product_id}": {
            "parameters": [{**product, "required": True}],
            "get": {"operationId": "get_product", "summary": "Show a product"},
        },
        "/orders": {
            "get": {
                "operationId": "list_orders",
                "summary": "Look for orders",
                "parameters": [_parameter("status", "query", {"enum": ["open", "shipped", "cancelled"]})],
            },
            "post": {
                "operationId": "create_order",
                "summary": "Take an order",
                "parameters": [key],
                "requestBody": _body({"$ref": "#/components/schemas/NewOrder"}),
            },
        },
        "/orders/{order_id}": {
            "parameters": [order],
            "get": {"operationId": "get_order", "summary": "Show an order"},
            "patch": {
                "operationId": "update_order",
                "summary": "Change an order's status",
                "requestBody": _body(
                    {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
                ),
            },
            "delete": {"operationId": "delete_order", "summary": "Delete an order"},
        },
        "/orders/{order_id}/refunds": {
            "post": {
                "operationId": "refund_order",
                "summary": "Pay money back to the customer",
                "parameters": [order, key],
                "requestBody": _body(
                    {
                        "type": "object",
                        "required": ["amount"],
                        "additionalProperties": False,
                        "properties": {"amount": {"type": "integer", "minimum": 1}, "reason": {"type": "string"}},
                    }
                ),
            }
        },
        "/stock": {"get": {"summary": "Count what is there", "security": [{"apiKey": []}]}},
        "/report": {"get": {"operationId": "report", "summary": "Sum up", "security": [{"basic": []}]}},
    }
    for path in found.values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation["responses"] = answers
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": found,
        "components": {
            "parameters": {"Key": _parameter("Idempotency-Key", "header", {"type": "string"})},
            "schemas": {
                "NewOrder": {
                    "type": "object",
                    "required": ["customer", "items"],
                    "properties": {
                        "customer": {"type": "string"},
                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
                    },
                },
                "Item": {
                    "type": "object",
                    "required": ["product", "quantity"],
                    "properties": {"product": {"type": "string"}, "quantity": {"type": "integer"}},
                },
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }
