"""What a command writes onto a page stands between two marks, so that no figure there is typed by hand."""

from __future__ import annotations


def between(page: str, mark: str, text: str) -> str:
    """Return a page with `text` between its marks, `<!-- MARK: begin -->` and `end`. Raises ValueError: it has none."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no {begin} ... {end}")
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"
