"""Links of pages as a code host follows them, turned into links of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

FENCE: Final = re.compile(r"^(`{3,})[^\n]*\n.*?^\1`*[ \t]*$", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|#")


def rewritten(markdown: str, page: str, pages: Callable[[str], bool]) -> str:
    """Return a page whose links stay inside of the site; what leads into the source is its text alone.

    Args:
        markdown: the page as it stands in the repository.
        page: its path from the top of the repository ("docs/hub.md").
        pages: whether the site has a page of such a path.
    """
    ends = [(0, 0), *((block.start(), block.end()) for block in FENCE.finditer(markdown)), (len(markdown),) * 2]
    told = ""
    for (start, end), (following, _) in pairwise(ends):
        told += markdown[start:end] + LINK.sub(lambda link: _link(link, page, pages), markdown[end:following])
    return told


def site_path(path: str) -> str:
    """Return the path of a page below the site's top: docs/ is that top, the others keep theirs."""
    return path.removeprefix("docs/")


def _link(link: re.Match[str], page: str, pages: Callable[[str], bool]) -> str:
    mark, text, target = link.groups()
    if ELSEWHERE.match(target):
        return link[0]
    path, hash_, anchor = target.partition("#")
    aim = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if not pages(aim):
        return text
    near = posixpath.relpath(site_path(aim), posixpath.dirname(site_path(page)) or ".")
    return f"{mark}[{text}]({near}{hash_}{anchor})"
