"""What was found -> each layer in force or not, with the proof and the fix."""

from __future__ import annotations

from typing import Final

from safety_core.cli.openclaw.findings import Check, Findings
from safety_core.cli.openclaw.gating import gating, plugin
from safety_core.cli.openclaw.outer_layers import host, sandbox, tools
from safety_core.cli.openclaw.redaction import redaction

LAYERS: Final = (host, sandbox, tools, gating, plugin, redaction)
"""From the outermost to the innermost."""


def checks(found: Findings) -> tuple[Check, ...]:
    """Return every check, from the outermost layer to the innermost."""
    return tuple(check for layer in LAYERS for check in layer(found))
