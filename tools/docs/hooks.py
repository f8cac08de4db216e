"""What mkdocs calls while it builds the site: `python -m mkdocs build --strict` at the top of the repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.docs import commands, library, openapi, settings
from tools.docs.links import rewritten, site_path

ROOT: Final = Path(__file__).parents[2]
OUTSIDE: Final = ("policies/README.md", "SECURITY.md", "CHANGELOG.md")
"""Pages that stay where people of a code host look for them."""

SCRIPTS: Final = ("mermaid.min.js", "iframe-worker.js")
MADE: Final = {
    "reference/commands.md": commands.page,
    "reference/edge-settings.md": settings.edge_page,
    "reference/hub-settings.md": settings.hub_page,
    "reference/edge-api.md": openapi.edge_page,
    "reference/hub-api.md": openapi.hub_page,
    "reference/library.md": library.page,
}
"""Pages that are made from the code, so that they cannot say otherwise than it does."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Fill in the list of pages: decisions by their numbers, and at the end what nobody has given a place."""
    named = {path for _, entries in _sections(config) if isinstance(entries, list) for path in entries}
    decisions = sorted(f"adr/{path.name}" for path in (ROOT / "docs/adr").glob("*.md"))
    nav: list[dict[str, Any]] = []
    for title, entries in _sections(config):
        kept = decisions if entries == "adr/" else [path for path in entries if _exists(path)]
        nav.append({title: kept})
    rest = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name not in named)
    config.nav = [*nav, {"More": rest}] if rest else nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside of docs/, those that are made, and the scripts of `tools/mermaid.sh`."""
    for path in OUTSIDE:
        files.append(File.generated(config, path, content=(ROOT / path).read_text()))
    for path, make in MADE.items():
        files.append(File.generated(config, path, content=make()))
    for name in SCRIPTS:
        files.append(File.generated(config, f"assets/{name}", content=(ROOT / ".cache/docs" / name).read_bytes()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Keep the page's links inside of the site."""
    del config
    path = page.file.src_uri
    here = path if path in OUTSIDE else f"docs/{path}"

    def known(aim: str) -> bool:
        return (aim.startswith("docs/") or aim in OUTSIDE) and files.get_file_from_path(site_path(aim)) is not None

    return rewritten(markdown, here, known)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Give pages with a diagram the script that draws it, from the site's own folder, before the theme looks for it."""
    del config
    if 'class="mermaid"' not in output:
        return output
    up = "../" * page.file.src_uri.count("/")
    return re.sub(r"(?=<script src=\"[^\"]*bundle\.)", f'<script src="{up}assets/mermaid.min.js"></script>', output)


def _sections(config: MkDocsConfig) -> list[tuple[str, Any]]:
    return [pair for section in config.nav or [] for pair in section.items()]


def _exists(path: str) -> bool:
    return path in MADE or (ROOT / (path if path in OUTSIDE else f"docs/{path}")).exists()
