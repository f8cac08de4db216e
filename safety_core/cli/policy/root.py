"""`safety policy root`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click
from tuf.api.metadata import Root

from safety_core.bundle.roles import ROLES, next_root
from safety_core.bundle.signed import parse_document, read_next_root
from safety_core.cli.policy.seam import keys_option
from safety_core.edge import clock
from safety_core.edge.files import replace_file
from safety_core.edge.signing_keys import draw_keys, newest_root, read_signers, set_aside
from safety_core.errors import InputError

REMIND: Final = timedelta(days=60)
"""So long before the newest root ends, whoever publishes is told."""


@click.command(short_help="Once a year: sign the next root; or replace keys.")
@keys_option
@click.option(
    "--replace", multiple=True, type=click.Choice(ROLES), help="Draw new keys for this role; give it again for more."
)
def root(keys: Path, replace: tuple[str, ...]) -> None:
    """Sign the next root document, which says for another year whose keys count.

    \b
    safety policy root --keys KEYS                       once a year
    safety policy root --keys KEYS --replace targets     keys are lost, or stolen
    safety policy renew ...                              brings it to every tenant

    Needs as many root keys in KEYS as the newest root asks for; it needs no network. Replaced keys are kept under
    another name. Each publication takes the new root along. Edges keep the root that they have pinned.
    """
    before, signers = newest_root(keys), read_signers(keys)["root"]
    needed = before.roles["root"].threshold
    if len(signers) < needed:
        reason = f"holds {len(signers)} of the {needed} root keys that must sign"
        raise InputError(str(keys), reason, "bring them together in this folder")
    fresh = {role: draw_keys(keys, role, len(before.roles[role].keyids)) for role in dict.fromkeys(replace)}
    raw = next_root(before, fresh, signers, clock.now())
    made = read_next_root(raw, before)
    name = f"root/{made.version}.json"
    replace_file(keys / name, raw)
    set_aside(keys)
    told = f", with new keys for {', '.join(fresh)}" if fresh else ""
    click.echo(f"{keys / name}: good until {made.expires:%Y-%m-%d}{told}; `safety policy renew` brings it to tenants")


def reminder(files: Mapping[str, bytes]) -> str:
    """Return what to do before the newest root in a verified publication ends; empty where there is time."""
    roots = [parse_document(Root, raw).signed for name, raw in files.items() if name.startswith("root/")]
    newest = max(roots, key=lambda root: root.version)
    if newest.expires - REMIND > datetime.fromtimestamp(clock.now(), UTC):
        return ""
    return f"the root of policy ends on {newest.expires:%Y-%m-%d}: sign the next before, with `safety policy root`"
