"""Which engine judges: the embedded one, or a remote Open Policy Agent."""

from __future__ import annotations

from proxy.settings import EngineSettings, Settings
from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.engine import Engine
from safety_core.edge.rego import RegoEngine
from safety_core.edge.shadow import ReportFile, shadowed


async def start_judging(settings: Settings, bundle: TrustedBundle) -> Engine:
    """Return the engine of `bundle`, with the candidate beside it that the settings name.

    Raises:
        UnavailableError: the engine in force does not start. A candidate never keeps it from that.
    """
    engine, shadow = await start_engine(settings.engine, bundle), settings.shadow
    if shadow.bundle is None:
        return engine
    sink = ReportFile(shadow.report)
    return shadowed(engine, bundle, shadow.bundle, sink, workspace=settings.workspace, deadline=shadow.deadline)


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
