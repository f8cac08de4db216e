"""What a running edge keeps in memory, its policy worker included, with 1,000 secrets."""

from __future__ import annotations

import secrets

from bench.figure import Figure
from bench.memory import resident
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.model.secret import SecretName, SecretValue
from tests.simulators.site import Site, site

COMMANDS = ("ls", "git push", "curl https://x.example", "psql -c 'DELETE FROM t'")


def figures() -> list[Figure]:
    """Start hub and edge, let the edge judge a few commands, and look at its memory."""
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        fill(here, 1000)
        with here.edge() as edge:
            for command in COMMANDS:
                edge.decide("exec", command=command)
            held = resident(edge.popen.pid)
    title = "memory of a running edge with its policy worker and 1,000 secrets"
    return [Figure("The running edge", "edge_memory", title, held, "MiB", goal=160.0)]


def fill(here: Site, number: int) -> None:
    """Put so many secrets into the edge's vault."""
    home = here.home.create()
    vault = Vault.open(home.vault, find_vault_key(home))
    for index in range(number):
        vault.put(SecretName(f"s{index}"), SecretValue(secrets.token_urlsafe(24)), now=clock.now())
    vault.close()
