"""To the team's OpenID provider, and back."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.console.cookies import cookie_name, set_cookie, set_session
from hub.console.render import SECURITY_HEADERS
from hub.console.signin import browser_of, local_path
from hub.console.visit import Guest, OpenRoutes
from hub.people import limits, oidc
from hub.people.oidc import Returned

TEAM: Final = "safety-team"
"""The cookie that binds a sign-in at the team's provider to this browser."""


async def go_to_team(guest: Guest) -> Response:
    """Lead on to the team's OpenID provider. By a link, since a form of ours may lead nowhere else (CSP)."""
    await limits.spend_address(guest.context, "sign-in", guest.address)
    begun = await oidc.begin(guest.context, local_path(guest.request.query_params.get("next", "/")))
    answer = RedirectResponse(begun.address, 303, SECURITY_HEADERS)
    set_cookie(answer, guest.context, cookie_name(guest.context, TEAM), begun.cookie, oidc.STATE_SECONDS)
    return answer


async def come_from_team(guest: Guest) -> Response:
    """Take in whom the provider sends back, and sign them in."""
    await limits.spend_address(guest.context, "sign-in", guest.address)
    told, name = guest.request.query_params, cookie_name(guest.context, TEAM)
    returned = Returned(
        told.get("code", ""), told.get("state", ""), guest.request.cookies.get(name, ""), told.get("iss")
    )
    opened, after = await oidc.finish(guest.context, returned, browser_of(guest))
    answer = guest.go(after)
    set_session(answer, guest.context, opened)
    set_cookie(answer, guest.context, name, "", 0)
    return answer


OPEN: Final[OpenRoutes] = (
    ("GET", "/sign-in/team", go_to_team),
    ("GET", oidc.BACK, come_from_team),
)
