"""What the edge must be told, as TOML for its settings (`safety edge --help`). No secret: of tokens only the sha256."""

from __future__ import annotations

import json
from collections.abc import Mapping

from safety_core.cli.openclaw.wish import Upstream


def snippet(agents: tuple[str, ...], upstreams: Mapping[str, Upstream], digests: Mapping[str, str]) -> str:
    """Return the settings of the edge for these agents. `digests`: agent -> sha256 of its token, hexadecimal."""
    lines = ["[egress]"]
    lines.append(f"require_plugin = {json.dumps([*agents])}")
    for name, upstream in sorted(upstreams.items()):
        lines += ["", f"[egress.providers.{name}]", f"base_url = {json.dumps(upstream.base_url)}"]
        lines += [f"key_secret = {json.dumps(upstream.key)}"] if upstream.key else []
        lines.append(f"dialect = {json.dumps(upstream.dialect)}")
        if upstream.base_url.startswith("http:"):
            lines.append("private = true                     # a provider without https")
    lines += ["", "[clients]", *(f"{agent} = {json.dumps(digests[agent])}" for agent in agents)]
    return "\n".join(lines) + "\n"
