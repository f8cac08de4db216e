"""What a person may do, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from safety_core.model.tool_call import TenantId

EVERYWHERE: Final = TenantId("")
"""The tenant of a role that holds at all of them."""


class Role(StrEnum):
    """What somebody may do at a tenant."""

    OWNER = "owner"
    AUTHOR = "author"
    ADMIN = "admin"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in. `name` is as it stands in grants and audits."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Roles:
    """All that one person may do: pairs of a role and a tenant (`EVERYWHERE` for all)."""

    held: frozenset[tuple[Role, TenantId]] = frozenset()

    def has(self, role: Role, tenant: TenantId) -> bool:
        """Tell whether the person has this role at this tenant. Who has any other one there may look (VIEWER)."""
        places = {where for kind, where in self.held if role in {kind, Role.VIEWER}}
        return tenant in places or EVERYWHERE in places

    def sees(self, tenant: TenantId) -> bool:
        """Tell whether the person has any role at this tenant."""
        return self.has(Role.VIEWER, tenant)
