"""Templates and files. What a page shows of a tenant is hostile: all of it is escaped, and no script is inline."""

from __future__ import annotations

import hashlib
import re
import time
from importlib.resources import files
from typing import Any, Final

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}

KINDS: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}

REFERENCE: Final = re.compile(r"SECRET_REF\([\w.-]{1,200}\)")
_HIDDEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_FILES: Final = {
    path.name: path.read_bytes()
    for path in files("demo_pool.front").joinpath("static").iterdir()
    if path.name.rpartition(".")[2] in KINDS
}
_TAGS: Final = {name: hashlib.sha256(raw).hexdigest()[:16] for name, raw in _FILES.items()}


def asset(name: str) -> str:
    """Return where a page finds a file."""
    return f"/static/{name}?{_TAGS[name]}"


def shown(text: object) -> Markup:
    """Return hostile text, safe to look at: escaped, what cannot be seen as its code point, references marked."""
    visible = _HIDDEN.sub(lambda mark: f"[U+{ord(mark[0]):04X}]", str(text))
    marked, at = Markup(), 0
    for found in REFERENCE.finditer(visible):
        marked += escape(visible[at : found.start()]) + Markup('<mark class="reference">{}</mark>').format(found[0])
        at = found.end()
    return marked + escape(visible[at:])


def references(text: object) -> list[str]:
    """Return the references in a text, each once, in order."""
    return list(dict.fromkeys(REFERENCE.findall(str(text))))


def picture(text: str) -> str:
    """Return a QR code as a picture's address (ISO/IEC 18004)."""
    return str(segno.make(text, error="m").svg_data_uri(scale=4, border=2))


def left(seconds: float) -> str:
    """Return how long something lasts, in words."""
    minutes = max(int(seconds // 60), 0)
    hours, rest = divmod(minutes, 60)
    if hours and rest:
        return f"{hours} h {rest} min"
    if hours:
        return f"{hours} hour{'s' if hours > 1 else ''}"
    return f"{rest} min" if rest else "less than a minute"


_templates: Final = Environment(
    loader=PackageLoader("demo_pool.front"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_templates.globals |= {"asset": asset, "picture": picture, "references": references}
_templates.filters |= {
    "shown": shown,
    "left": left,
    "clock": lambda at: time.strftime("%H:%M:%S", time.gmtime(at)),
}


def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page made from `template` (a name in templates/)."""
    return HTMLResponse(_templates.get_template(template).render(**values), status, HEADERS)


async def static(request: Request) -> Response:
    """Give a file; under an address with its hash it is kept for good."""
    name = str(request.path_params["name"])
    if name not in _FILES:
        return Response(status_code=404, headers=HEADERS)
    kept = "public, max-age=31536000, immutable" if request.url.query == _TAGS[name] else "no-cache"
    kind = KINDS[name.rpartition(".")[2]]
    return Response(_FILES[name], media_type=kind, headers={**HEADERS, "Cache-Control": kept})
