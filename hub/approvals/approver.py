"""Who answers a question, and from where."""

from __future__ import annotations

from dataclasses import dataclass

from safety_core.errors import InputError
from safety_core.model.tool_call import TenantId


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may answer for a tenant: whoever makes this value has checked that they may.

    Attributes:
        name: as it stands in grants and audits.
        origin: from where ("console", "cli", "api", "push", "email:link", "telegram:link"): its first word is the
            channel, and policy says what may be approved there.
        totp: they gave a fresh one-time code for this very answer.

    Raises:
        InputError: an origin that would say more than where it is from.
    """

    tenant: TenantId
    name: str
    origin: str
    totp: bool = False

    def __post_init__(self) -> None:
        if not self.origin or len(self.origin) > 64 or "+" in self.origin:
            raise InputError("origin", 'must be 1 to 64 characters without "+"')

    @property
    def said_from(self) -> str:
        """The origin as it is signed: "console+totp" where a one-time code came with the answer."""
        word, mark, rest = self.origin.partition(":")
        return f"{word}+totp{mark}{rest}" if self.totp else self.origin
