"""Which engine judges: the embedded one, or a remote Open Policy Agent."""

from __future__ import annotations

from proxy.settings import EngineSettings
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine


async def start_engine(settings: EngineSettings, bundle: TrustedBundle) -> Engine:
    """Return an engine that judges by `bundle`. Raises UnavailableError if it does not start."""
    engine: Engine = RegoEngine(deadline=settings.deadline)
    if settings.kind == "opa":
        # Its client brings an HTTP stack of its own, some 5 MB that an embedded engine does not need.
        from safety_core.edge.opa import OpaEngine

        engine = OpaEngine(settings.url, deadline=settings.deadline)
    try:
        await engine.load(bundle)
    except BaseException:
        await engine.close()
        raise
    return engine
