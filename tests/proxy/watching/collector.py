"""An OpenTelemetry collector on loopback that understands OTLP over HTTP, and may be slow, or refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.proxy.egress.setting import served


@dataclass
class Collector:
    """What has come in. `status`: what it answers; `hold`: it answers once that is set."""

    url: str = ""
    status: int = 200
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    spans: list[Any] = field(default_factory=list)
    resources: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        assert request.headers["content-type"] == "application/x-protobuf"
        told = ExportTraceServiceRequest.FromString(await request.body())
        self.came.set()
        await self.hold.wait()
        if self.status == 200:
            for resource in told.resource_spans:
                self.resources.append(attributes(resource.resource.attributes))
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]
        return Response(b"", self.status)


def attributes(listed: Any) -> dict[str, Any]:
    return {item.key: getattr(item.value, item.value.WhichOneof("value")) for item in listed}


@asynccontextmanager
async def collector(*, holds: bool = False) -> AsyncGenerator[Collector, None]:
    made = Collector()
    if not holds:
        made.hold.set()
    async with served(Starlette(routes=[Route("/v1/traces", made.take, methods=["POST"])])) as url:
        made.url = url
        yield made
        made.hold.set()
