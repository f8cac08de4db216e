"""Numbers in a query string."""

from __future__ import annotations

from starlette.requests import Request

from safety_core.errors import InputError


def number(request: Request, name: str, default: float, maximum: float) -> float:
    """Return a number of the query in [0, maximum], or raise InputError naming it."""
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(f"query {name}", "must be a number") from error
    if not 0 <= value <= maximum:
        raise InputError(f"query {name}", f"must lie in 0 to {maximum:g}")
    return value
