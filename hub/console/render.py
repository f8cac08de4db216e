"""Templates, and the headers that every page carries.

Everything in a page is escaped: tool arguments and names come from agents and are hostile text. The content security
policy allows scripts and styles from our own files only, so that even a mistake in escaping runs nothing.
"""

from __future__ import annotations

import time
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from hub.console.assets import ASSETS
from hub.console.card import gist, path_of
from hub.console.charts import chart, figure
from hub.console.exact import exact
from hub.visible import visible, visible_text
from safety_core.model.usage import dollars

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), publickey-credentials-get=(self)",
    "Referrer-Policy": "same-origin",  # "no-referrer" would have browsers send forms with `Origin: null`
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


LAST_MOMENT: Final = 253_402_300_799.0
"""The end of the year 9999. Edges name times that are none; a page that shows them must not fail for it."""


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", _moment(at))


def _machine_time(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", _moment(at))


def _moment(at: float) -> time.struct_time:
    return time.gmtime(min(max(at, 0.0), LAST_MOMENT))


def distance(at: float, now: float) -> str:
    """Return how far a time lies from now, in words ("in 3 hours", "5 minutes ago").

    What is all but a whole day is one: a question that has just been asked runs out in a day, not in 23 hours.
    """
    seconds = abs(at - now) * 61 / 60
    if abs(at - now) < 60:
        return "just now" if at <= now else "in less than a minute"
    size, name = next((s, n) for s, n in ((86_400, "day"), (3_600, "hour"), (60, "minute")) if seconds >= s)
    count = int(seconds // size)
    words = f"{count} {name}{'s' if count != 1 else ''}"
    return f"{words} ago" if at <= now else f"in {words}"


_templates: Final = Environment(
    loader=PackageLoader("hub.console"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset"] = ASSETS.address
_templates.globals["chart"] = chart
_templates.filters["visible"] = visible
_templates.filters["visible_text"] = visible_text
_templates.filters["figure"] = figure
_templates.filters["exact"] = exact
_templates.filters["gist"] = gist
_templates.filters["path_of"] = path_of
_templates.filters["distance"] = distance
_templates.filters["dollars"] = dollars
_templates.filters["thousands"] = "{:,}".format
_templates.filters["when"] = _when
_templates.filters["machine_time"] = _machine_time


def page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page made from `template` (a name in templates/)."""
    return HTMLResponse(_templates.get_template(template).render(**values), status, SECURITY_HEADERS)
