"""Which module serves which adapter. The child imports the one that it needs."""

from __future__ import annotations

from typing import Final

MODULES: Final = {
    "sql": "safety_core.edge.adapters.sql",
    "docker": "safety_core.edge.adapters.docker",
    "mail": "safety_core.edge.adapters.mail",
    "calendar": "safety_core.edge.adapters.calendar",
    "mcp": "safety_core.edge.adapters.mcp",
}
