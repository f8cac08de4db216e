"""What a running edge keeps in memory, its policy worker included, with 1,000 secrets."""

from __future__ import annotations

import secrets
from pathlib import Path

from bench.conftest import BUDGETS, ROWS
from safety_core.edge import clock
from safety_core.edge.vault import Vault
from safety_core.edge.vault_key import find_vault_key
from safety_core.model.secret import SecretName, SecretValue
from tests.simulators.site import Site, site


def resident(pid: int) -> float:
    """Return the MiB that a process and its children hold (VmRSS)."""
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(resident(int(child)) for child in children)


def fill(here: Site, number: int) -> None:
    home = here.home.create()
    vault = Vault.open(home.vault, find_vault_key(home))
    for index in range(number):
        vault.put(SecretName(f"s{index}"), SecretValue(secrets.token_urlsafe(24)), now=clock.now())
    vault.close()


def test_edge_memory() -> None:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        fill(here, 1000)
        with here.edge() as edge:
            for command in ("ls", "git push", "curl https://x.example", "psql -c 'DELETE FROM t'"):
                edge.decide("exec", command=command)
            held = resident(edge.popen.pid)
    most = BUDGETS["edge_memory"]["at_most"]
    ROWS.append(f"edge_memory      {held:10.0f} MiB with its worker and 1,000 secrets   at most {most}")
    assert held <= most, ROWS[-1]
