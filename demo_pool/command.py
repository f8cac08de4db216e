"""`safety demo-pool`: demo tenants for whoever wants to try."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Final

import click

from demo_pool.settings import Settings
from safety_core.errors import UnavailableError

NEEDED: Final = ("jinja2", "segno", "sqlalchemy", "openai")
"""What the pool, its tenants' hubs and their agents need beside what every installation has."""


@click.group("demo-pool", short_help="Hand out short-lived tenants for anyone to try.")
def demo_pool() -> None:
    """Give each visitor a tenant of their own: a real hub and edge, invented data, a scripted agent, for two hours.

    A tenant reaches nothing but the fakes inside of it, sees no other, and leaves no trace.
    """


@demo_pool.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; TLS is a proxy's business.")
@click.option("--port", type=int, default=8300, show_default=True, help="0 takes any free one.")
@click.option(
    "--public-url",
    default="",
    help="Where browsers find it, such as https://demo.example. Each tenant has a name below it, so DNS and the "
    "certificate need *.demo.example.  [default: http://localhost and the port]",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("~/.safety-demo-pool"),
    show_default=True,
    help="Folder of its records; nothing of a visitor is written there.",
)
@click.option("--tenants", type=int, default=4, show_default=True, help="How many there may be.")
@click.option("--warm", type=int, default=1, show_default=True, help="How many wait for a visitor.")
@click.option("--hours", type=float, default=2.0, show_default=True, help="How long a visitor has theirs.")
@click.option("--per-address", type=int, default=2, show_default=True, help="Of one network address at a time.")
@click.option("--megabytes", type=int, default=1024, show_default=True, help="Memory of each, its files included.")
def serve(host: str, port: int, public_url: str, data: Path, hours: float, **limits: int) -> None:
    """Hand out tenants. Prints {"ready": true, "url": ...} once it answers."""
    if sys.platform != "linux":
        raise UnavailableError("demo-pool", "needs Linux: a tenant lives in namespaces", "run it on a Linux machine")
    for name in NEEDED:
        if importlib.util.find_spec(name) is None:
            raise UnavailableError(name, "is not installed", "pip install 'safety-gateway[hub,demo]'")
    from demo_pool.front.serving import serve as serve_pool  # late: --help needs none of it

    serve_pool(Settings(data.expanduser(), host, port, public_url.rstrip("/"), seconds=hours * 3600, **limits))
