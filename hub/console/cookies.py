"""The browser's cookies: for us alone, unreadable by scripts, and with https bound to this very host."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.context import Context
from hub.people.sessions import SESSION_SECONDS, Opened

_SESSION: Final = "safety"


def session_cookie(request: Request, context: Context) -> str:
    """Return the cookie of the session, or an empty text."""
    return request.cookies.get(cookie_name(context), "")


def set_session(response: Response, context: Context, opened: Opened) -> None:
    """Hand the browser a new session's cookie."""
    set_cookie(response, context, cookie_name(context), opened.cookie, SESSION_SECONDS)


def drop_session(response: Response, context: Context) -> None:
    """Have the browser forget the cookie."""
    set_cookie(response, context, cookie_name(context), "", 0)


def cookie_name(context: Context, name: str = _SESSION) -> str:
    """Return a cookie's name: with https one that no other host can plant (RFC 6265bis, 4.1.3)."""
    return f"__Host-{name}" if _secure(context) else name


def set_cookie(response: Response, context: Context, name: str, value: str, seconds: int) -> None:
    """Set a cookie of ours. `Lax`: a link from elsewhere finds its reader signed in; a form carries nothing."""
    response.set_cookie(name, value, seconds, path="/", secure=_secure(context), httponly=True, samesite="lax")


def _secure(context: Context) -> bool:
    return context.settings.origin.startswith("https:")
