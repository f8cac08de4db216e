"""What a call passes under at one moment: the policy in force, the secrets known by then, the services there are."""

from __future__ import annotations

from proxy.effects import Services
from proxy.force import Force
from safety_core.flow.answers import Context
from safety_core.model.connection import Connections


async def context_of(
    services: Services, force: Force, workspace: str, connections: Connections, wait: float = 0.0
) -> Context:
    """Return it. Raises SafetyError where the vault cannot be looked at.

    Args:
        wait: seconds for which the call waits for a person.
    """
    redactor = await services.secrets.redactor(force)
    canaries = frozenset(services.secrets.canaries.signs)
    now = {**connections}  # one call goes by one reading of the pins
    return Context(force.policy, redactor, workspace, wait, connections=now, canaries=canaries)
