"""The pool's own pages. All of them work without JavaScript; with it the story goes on by itself."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from demo_pool.front import guard
from demo_pool.front.render import HEADERS, page, static
from demo_pool.front.telling import read
from demo_pool.pool import Pool, Visit
from demo_pool.tenancy import Tenant
from demo_pool.tenant.script import TASKS
from demo_pool.tenant.setup import TENANT
from safety_core.errors import LimitError, SafetyError

Handler = Callable[[Request], Awaitable[Response]]

_STREAM: Final = {**HEADERS, "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one pool."""

    pool: Pool

    def routes(self) -> list[Route]:
        """Return them."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/", self.front),
            ("POST", "/start", self.start),
            ("GET", "/watch", self.watch),
            ("GET", "/watch/story", self.story),
            ("GET", "/watch/events", self.events),
            ("POST", "/watch/do", self.do),
            ("POST", "/watch/end", self.end),
            ("GET", "/health", self.health),
            ("GET", "/static/{name}", static),
        )
        return [Route(path, _told(handler), methods=[method]) for method, path, handler in table]

    async def front(self, request: Request) -> Response:
        """Say what there is to try, and offer it."""
        if self._visit(request) is not None:
            return _go("/watch")
        return page("start.html", seconds=self.pool.settings.seconds)

    async def start(self, request: Request) -> Response:
        """Give the visitor a tenant, or a place in the queue."""
        await guard.form_of(request, self.pool.address)
        answer = _go("/watch")
        if self._visit(request) is None:
            key = self.pool.admit(request.client.host if request.client else "")
            guard.hand_key(answer, self.pool.address, key, self.pool.settings.seconds + 600)
        return answer

    async def watch(self, request: Request) -> Response:
        """Show the tenant."""
        visit = self._visit(request)
        if visit is None:
            return page("over.html", 410, home=self.pool.address.origin)
        if visit.tenant is None:
            return page("waiting.html")
        return page("watch.html", **await self._values(visit, visit.tenant))

    async def story(self, request: Request) -> Response:
        """Show the part of the page that changes, for our own script."""
        visit = self._visit(request)
        if visit is None or visit.tenant is None:
            return page("over_part.html", 202 if visit else 410)
        return page("story.html", **await self._values(visit, visit.tenant))

    async def events(self, request: Request) -> Response:
        """Say whenever there is more to show (server-sent events)."""
        visit = self._visit(request)
        if visit is None or visit.tenant is None:
            return Response(status_code=204, headers=HEADERS)  # tells a browser to ask no more
        return StreamingResponse(self._news(visit, visit.tenant), media_type="text/event-stream", headers=_STREAM)

    async def do(self, request: Request) -> Response:
        """Have the agent do something, hear something, or the hub make a new link."""
        fields = await guard.form_of(request, self.pool.address)
        visit = self._visit(request)
        if visit is None or visit.tenant is None:
            return _go("/watch")
        if fields.get("task") in TASKS:
            answer = await visit.tenant.ask(do="task", name=fields["task"])
        elif "words" in fields:
            answer = await visit.tenant.ask(do="say", words=fields["words"])
        else:
            answer = await visit.tenant.ask(do=next((word for word in ("invite", "pin") if word in fields), "story"))
        if answer.get("trouble"):
            raise LimitError("agent", "has enough to do", "answer what waits first")
        return _go("/watch" + ("#phone" if "invite" in fields else "#story"))

    async def end(self, request: Request) -> Response:
        """End the visit, and the tenant with it, now."""
        await guard.form_of(request, self.pool.address)
        visit = self._visit(request)
        if visit is not None:
            self.pool.leave(visit)
        answer = page("over.html", home=self.pool.address.origin)
        guard.hand_key(answer, self.pool.address, "", 0)
        return answer

    async def health(self, _request: Request) -> Response:
        """Say that the pool answers."""
        return JSONResponse({"ok": True}, headers=HEADERS)

    def _visit(self, request: Request) -> Visit | None:
        return self.pool.visit(guard.key_of(request, self.pool.address))

    async def _values(self, visit: Visit, tenant: Tenant) -> dict[str, Any]:
        told = read(await tenant.ask(do="story"))
        origin = self.pool.address.of(tenant.name)
        return {
            "told": told,
            "tasks": TASKS,
            "console": origin,
            "questions": f"{origin}/questions/{TENANT}",
            "invite": told.invite if told.invite.startswith(f"{origin}/invite/") else origin,
            "seconds": visit.ends - time.monotonic(),
        }

    async def _news(self, visit: Visit, tenant: Tenant) -> AsyncIterator[bytes]:
        version = 0
        with suppress(SafetyError, ValueError, TypeError), tenant.visited():
            while self.pool.visit_lasts(visit):
                version = int((await tenant.ask(do="news", after=version)).get("version", 0))
                yield f"data: {json.dumps({'version': version})}\n\n".encode()
        yield b'data: {"over": true}\n\n'


def _told(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except LimitError as error:
            return page("trouble.html", 429, error=error)
        except SafetyError as error:
            return page("trouble.html", 400 if error.thing == "form" else 503, error=error)

    return answer


def _go(path: str) -> Response:
    return RedirectResponse(path, 303, HEADERS)
