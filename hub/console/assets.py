"""Style sheets, scripts and pictures: each has its content's hash in its address, so a browser keeps it for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
    "txt": "text/plain; charset=utf-8",
}

_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, and the hash of its content."""

    raw: bytes
    kind: str
    tag: str


class Assets:
    """All files below static/, read once."""

    def __init__(self, folder: Traversable) -> None:
        self._found = dict(_walk(folder, ""))

    def address(self, name: str) -> str:
        """Return where a page finds the file ("console.css"). Raises KeyError where there is none."""
        return f"/static/{name}?{self._found[name].tag}"

    def find(self, name: str) -> Asset | None:
        """Return the file of this name."""
        return self._found.get(name)


def _walk(folder: Traversable, above: str) -> list[tuple[str, Asset]]:
    found: list[tuple[str, Asset]] = []
    for entry in folder.iterdir():
        name = above + entry.name
        if entry.is_dir():
            found += _walk(entry, name + "/")
        elif (kind := KINDS.get(name.rpartition(".")[2])) is not None:
            raw = entry.read_bytes()
            found.append((name, Asset(raw, kind, hashlib.sha256(raw).hexdigest()[:16])))
    return found


ASSETS: Final = Assets(files("hub.console").joinpath("static"))


async def serve(request: Request) -> Response:
    """Give a file. Under an address that carries its hash, it is kept for a year."""
    asset = ASSETS.find(request.path_params["path"])
    if asset is None:
        return Response(status_code=404, headers=_HEADERS)
    kept = "public, max-age=31536000, immutable" if request.url.query == asset.tag else "no-cache"
    headers = {**_HEADERS, "Cache-Control": kept, "ETag": f'"{asset.tag}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(asset.raw, media_type=asset.kind, headers=headers)


async def worker(_request: Request) -> Response:
    """Give the service worker, from the top: it is for all pages (Service Workers, 4.1.3)."""
    found = ASSETS.find("worker.js")
    if found is None:
        return Response(status_code=404, headers=_HEADERS)
    policy = "default-src 'none'; connect-src 'self'"
    headers = {**_HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
    return Response(found.raw, media_type=found.kind, headers=headers)
