"""A configuration and a wish -> the configuration that fulfils it. Fulfilling it twice changes nothing more."""

from __future__ import annotations

import copy

from safety_core.canonical import JsonObject
from safety_core.cli.openclaw.guard import gate_installs, hold_agents, quiet_stores, set_plugin
from safety_core.cli.openclaw.providers import lead_to_edge
from safety_core.cli.openclaw.tree import found_table
from safety_core.cli.openclaw.wish import Plan, Wish, agents_of


def planned(config: JsonObject, wish: Wish) -> Plan:
    """Return the plan for `config`, which is left as it is.

    Raises:
        InputError: something in it stands in the way; the error says what.
    """
    tree = copy.deepcopy(config)
    agents = agents_of(tree)
    set_plugin(tree, wish)
    ungated = gate_installs(tree, wish.gate, {wish.plugin, *wish.former})
    routed = lead_to_edge(tree, wish, agents)
    hold_agents(tree, wish.manifests, agents)
    quiet_stores(tree)
    notes = [*routed.notes]
    if ungated:
        notes.append(ungated)
    if not found_table(tree, "models", "providers"):
        notes.append("no model is configured yet: `openclaw models set PROVIDER/MODEL`, then run this again")
    if found_table(tree, "auth", "profiles"):
        notes.append("OpenClaw has sign-ins of its own: `openclaw models auth list`, then logout each of them")
    return Plan(tree, routed.upstreams, routed.keys, tuple(notes))
