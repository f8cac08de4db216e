"""Which engine judges: the embedded one, or a remote Open Policy Agent."""

from __future__ import annotations

from proxy.settings import EngineSettings
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine


async def start_engine(settings: EngineSettings, bundle: TrustedBundle) -> Engine:
    """Return an engine that judges by `bundle`. Raises UnavailableError if it does not start."""
    engine = _remote(settings) if settings.kind == "opa" else RegoEngine(deadline=settings.deadline)
    try:
        await engine.load(bundle)
    except BaseException:
        await engine.close()
        raise
    return engine


def _remote(settings: EngineSettings) -> Engine:
    from safety_core.edge.opa import OpaEngine

    return OpaEngine(settings.url, deadline=settings.deadline)
