"""One request of a browser: who sends it, what they may do, what their form says, and the answer's shape.

A `Guest` is anybody; a `Visit` is somebody signed in. What changes something comes from a page of ours: the browser
says so itself (Origin, Fetch Metadata), and the form of a session carries that session's token.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.auth.bodies import body_of
from hub.console.render import SECURITY_HEADERS, page
from hub.console.upload import multipart
from hub.context import Context
from hub.errors import ForbiddenError, NotFoundError, status_of
from hub.people import sessions
from hub.people.sessions import SignedIn
from hub.roles import EVERYWHERE, Person, Role, Roles
from hub.store import tenants
from hub.store.deeds import Deed
from hub.store.sessions import Session
from safety_core.errors import InputError, SafetyError
from safety_core.model.tool_call import TenantId
from safety_core.wire.reader import BODY_LIMIT, Reader
from safety_core.wire.signed import TENANT

FIELDS: Final = 200
"""Fields of one form."""

GUEST_BYTES: Final = 256 * 1024
"""Of a form or message of somebody who is not signed in: a new passkey with its attestation is the largest."""

CSRF_HEADER: Final = "Safety-CSRF"
"""Where our own JavaScript puts the session's token (`<meta name="csrf">` of a page carries it)."""


class ConfirmFirst(ForbiddenError):
    """The person has to show first that it is still they. `back`: the page of ours to return to."""

    def __init__(self, back: str) -> None:
        super().__init__("this change", "asks you to confirm with your passkey first", "confirm, then do it again")
        self.back = back


@dataclass(frozen=True, slots=True)
class Guest:
    """A request of somebody who need not be signed in."""

    request: Request
    context: Context

    @property
    def address(self) -> str:
        """From which network address it comes; behind a proxy on this machine, from the one that it names."""
        return self.request.client.host if self.request.client else ""

    @property
    def device(self) -> str:
        """What the browser calls itself."""
        return self.request.headers.get("user-agent", "")

    @property
    def most(self) -> int:
        """How many bytes they may send."""
        return GUEST_BYTES

    async def fields(self) -> dict[str, str]:
        """Return the fields of a form that a page of ours sent.

        Raises:
            ForbiddenError: it comes from another site (CSRF).
            InputError, LimitError: it is no form, or too large.
        """
        self.from_our_pages()
        try:
            pairs = parse_qsl(
                (await body_of(self.request, self.most)).decode("utf-8"),
                keep_blank_values=True,
                max_num_fields=FIELDS,
            )
        except ValueError as error:
            raise InputError("form", "is not one of ours", "load the page again") from error
        if any("\x00" in value for pair in pairs for value in pair):
            raise InputError("form", "holds a zero character, which no field of ours has", "write it without")
        return dict(pairs)

    async def json(self) -> Reader:
        """Return what our own JavaScript sent; see `fields` for what is raised."""
        self.from_our_pages()
        if self.request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise InputError("message", "is no JSON", "load the page again")
        return Reader.parse(await body_of(self.request, self.most), "message")

    def from_our_pages(self) -> None:
        """Raise ForbiddenError where the browser says that another site made it send this."""
        origin = self.request.headers.get("origin", self.context.settings.origin)
        site = self.request.headers.get("sec-fetch-site", "same-origin")
        if origin != self.context.settings.origin or site != "same-origin":
            raise ForbiddenError("form", "was sent by another site", "open the console itself and do it there")

    def render(
        self, template: str, status: int = 200, *, error: SafetyError | None = None, **values: object
    ) -> Response:
        """Return a page; one on which something went wrong has the status of that."""
        told = status if error is None else status_of(error)
        return page(template, told, now=self.context.clock(), error=error, **values)

    def go(self, path: str) -> Response:
        """Lead on to a page of ours after a form was taken in (303, so that a reload repeats nothing)."""
        return RedirectResponse(path, 303, SECURITY_HEADERS)


@dataclass(frozen=True, slots=True)
class Visit(Guest):
    """A signed-in request."""

    signed_in: SignedIn

    @property
    def most(self) -> int:
        """How many bytes they may send: the arguments of a call, or a file."""
        return BODY_LIMIT

    @property
    def person(self) -> Person:
        """Who visits."""
        return self.signed_in.person

    @property
    def roles(self) -> Roles:
        """What they may do."""
        return self.signed_in.roles

    @property
    def session(self) -> Session:
        """By which session."""
        return self.signed_in.session

    async def tenants(self) -> tuple[TenantId, ...]:
        """Return the tenants that this person may see, by name."""
        async with self.context.database.read() as connection:
            return tuple(entry.id for entry in await tenants.listed(connection) if self.roles.sees(entry.id))

    def require(self, role: Role, tenant: TenantId) -> None:
        """Raise NotFoundError where the person may not even look, ForbiddenError where the role is not theirs."""
        if not self.roles.sees(tenant) or not (TENANT.fullmatch(tenant) or tenant == EVERYWHERE):
            raise NotFoundError("page", "is not there")  # a role at every tenant holds at none of another shape
        if not self.roles.has(role, tenant):
            raise ForbiddenError(f"tenant {tenant}", f"asks for the role {role}", "ask an admin of the hub for it")

    def require_fresh(self, back: str) -> None:
        """Raise ConfirmFirst unless the person has shown within minutes that it is still they.

        For what loosens something: roles, channels, webhooks, new passkeys. `back`: the page of ours to return to.
        """
        if not sessions.fresh(self.session, self.context.clock()):
            raise ConfirmFirst(back)

    def deed(self, deed: str, subject: str = "", tenant: TenantId | None = None) -> Deed:
        """Return what this person does now, for `hub.store.deeds.note`."""
        where = tenant if tenant is not None else TenantId("")
        return Deed(self.context.clock(), self.person.name, where, deed, subject, self.address)

    async def form(self) -> dict[str, str]:
        """Return the fields of a form that this very session was given; see `Guest.fields` for what is raised."""
        fields = await self.fields()
        self._of_this_session(fields.pop("csrf", ""))
        return fields

    async def upload(self) -> dict[str, bytes]:
        """Return the parts of a form with a file in it; see `form` for what is raised."""
        self.from_our_pages()
        parts = multipart(self.request.headers.get("content-type", ""), await body_of(self.request))
        self._of_this_session(parts.pop("csrf", b"").decode("utf-8", "replace"))
        return parts

    async def json(self) -> Reader:
        """Return what our own JavaScript sent in this very session; see `Guest.fields` for what is raised."""
        self._of_this_session(self.request.headers.get(CSRF_HEADER, ""))
        return await Guest.json(self)

    def _of_this_session(self, token: str) -> None:
        if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self.session.csrf.encode()):
            raise ForbiddenError("form", "is of another session", "load the page again and repeat it")

    def render(
        self, template: str, status: int = 200, *, error: SafetyError | None = None, **values: object
    ) -> Response:
        """Return a page, with all that the frame around it needs."""
        return Guest.render(self, template, status, error=error, visit=self, csrf=self.session.csrf, **values)


Page = Callable[[Visit], Awaitable[Response]]
PageRoutes = tuple[tuple[str, str, Page], ...]
"""(method, path, page) of one module."""

OpenPage = Callable[[Guest], Awaitable[Response]]
OpenRoutes = tuple[tuple[str, str, OpenPage], ...]
"""(method, path, page) of one module, for anybody."""
