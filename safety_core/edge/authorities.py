"""Which authorities vouch for a connected service: those that this machine trusts, or one of the operator's own."""

from __future__ import annotations

import ssl

from safety_core.canonical import Json
from safety_core.errors import ExecutionError


def authorities(connection: str, ca: Json) -> ssl.SSLContext:
    """Return how certificates are checked for a connection of this name.

    Args:
        ca: its option of that name: the path of a PEM with the authorities to trust in place of the machine's; None or
            empty for those.

    Raises:
        ExecutionError: it is not the path of such a file.
    """
    thing, fix = f"connection {connection}", "give the path of its authority's certificate, as PEM"
    if not isinstance(ca, str | None):
        raise ExecutionError(thing, "has an option ca that is not text", fix)
    try:
        return ssl.create_default_context(cafile=ca or None)
    except (OSError, ValueError):
        raise ExecutionError(thing, "has an option ca that is not the path of a PEM", fix) from None
