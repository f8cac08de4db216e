"""The tables. What is signed or compared is stored as exact bytes, never as a database's idea of JSON.

base      the one collection of tables, and what they share
edges     what edges are and say: tenants, tokens, nonces, approvals, usage, heartbeats, checkpoints, alerts
answers   what people answered: answers towards a quorum, the feed
standing  edits, outward grants and their withdrawal, what became of questions
people    who signs in: people, roles, passkeys, sessions, challenges, what they did
notices   what people are told, by which channel
rollouts  signed policy on its way
orders    what the hub asks of an edge
billing   periods, warnings, what was exported
"""

from hub.store.schema import answers, billing, edges, notices, orders, people, rollouts, standing
from hub.store.schema.base import metadata

__all__ = ["answers", "billing", "edges", "metadata", "notices", "orders", "people", "rollouts", "standing"]
