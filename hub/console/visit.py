"""One request of a signed-in person: who they are, what they may do, what their form says, and the answer's shape."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.auth import body_of
from hub.console.render import SECURITY_HEADERS, page
from hub.context import Context
from hub.errors import ForbiddenError, NotFoundError
from hub.people.roles import Person, Role, Roles
from hub.people.sessions import SignedIn
from hub.store import tenants
from hub.store.people import Session
from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId

FIELDS: Final = 200
"""Fields of one form."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in request."""

    request: Request
    context: Context
    signed_in: SignedIn

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
        if not self.roles.sees(tenant):
            raise NotFoundError("page", "is not there")
        if not self.roles.has(role, tenant):
            raise ForbiddenError(f"tenant {tenant}", f"asks for the role {role}", "ask an admin of the hub for it")

    async def form(self) -> dict[str, str]:
        """Return the fields of a form that this very session was given.

        Raises:
            ForbiddenError: the form lacks the session's token, or comes from another site (CSRF).
            InputError, LimitError: it is no form, or too large.
        """
        origin = self.request.headers.get("origin")
        if origin is not None and origin != self.context.settings.origin:
            raise ForbiddenError("form", "was sent by another site", "open the console itself and do it there")
        try:
            pairs = parse_qsl(
                (await body_of(self.request)).decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS
            )
        except ValueError as error:
            raise InputError("form", "is not one of ours", "load the page again") from error
        fields = dict(pairs)
        if not hmac.compare_digest(fields.pop("csrf", "").encode(), self.session.csrf.encode()):
            raise ForbiddenError("form", "is of another session", "load the page again and repeat it")
        return fields

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """Return a page, with all that the frame around it needs."""
        return page(template, status, visit=self, csrf=self.session.csrf, now=self.context.clock(), **values)

    def go(self, path: str) -> Response:
        """Lead on to a page of ours after a form was taken in (303, so that a reload repeats nothing)."""
        return RedirectResponse(path, 303, SECURITY_HEADERS)


Page = Callable[[Visit], Awaitable[Response]]
PageRoutes = tuple[tuple[str, str, Page], ...]
"""(method, path, page) of one module."""
