"""Every error the gateway raises, in one tree.

    SafetyError                      thing, reason, fix: what a person needs to go on
    |-- InputError                   what came in is not what it must be
    |   `-- LimitError               ... because it is larger, deeper or slower than allowed
    |-- PolicyError                  a part of the policy is wrong (an author's mistake)
    |-- BundleError                  bytes that claim to be a policy bundle were refused; named after the attack
    |   |-- RollbackError            an older version than one already trusted
    |   |-- FreezeError              metadata past its expiry
    |   |-- MixAndMatchError         parts that do not belong together
    |   |-- UnderSignedError         fewer valid signatures than the threshold
    |   |-- TamperedError            bytes that differ from what was signed
    |   |-- WrongTenantError         a bundle made for somebody else
    |   |-- OversizeError            more data than was announced or allowed
    |   |-- UnsafePathError          a path that leaves its folder
    |   `-- UnprovenError            golden vectors that come out differently here
    |-- GrantError                   a grant that does not entitle this call; named after the attempt
    |   |-- ForgedGrantError         no pinned key signed it
    |   |-- MismatchedGrantError     it was given for something else
    |   |-- ExpiredGrantError        it came or was used too late
    |   |-- ReplayedGrantError       it has been used
    |   `-- WeakApproverError        the key may not approve this level
    |-- SecretError                  the vault or a reference
    |   |-- UnknownSecretError       no secret has this name
    |   |-- BrokenSealError          a sealed value does not open under this key, row and version
    |   |-- ForbiddenSecretError     this agent or tool may not use it
    |   |-- ExpiredSecretError       its time is over
    |   |-- CanaryError              it is a canary, which nobody may use
    |   `-- CommonValueError         too common to be matched without false alarms, or more than the value
    |-- UnscannableError             a body that nobody could look into
    |-- AuditError                   the log contradicts itself, or cannot be written
    |-- BudgetError                  what an agent, or all of them, may spend on models is used up
    |-- ExecutionError               the tool did not run to its end
    |   `-- UncertainError           ... and nobody knows whether it did what it was to do
    |-- RequestError                 a signed request between our own parts was refused; named after the attempt
    |   |-- ForgedRequestError       the tenant's key did not sign it
    |   |-- StaleRequestError        its time is too far from ours
    |   `-- ReplayedRequestError     it has come before
    |-- UnavailableError             a neighbour (hub, provider, engine, disk) did not answer
    |   |-- RefusedError             ... or answered that it will not: asking again the same way is useless
    |   |-- BusyError                ... or has, as we ourselves may have, too much of this for now
    |   `-- UnansweredError          ... or was asked, and broke off before its answer; what was asked for may cost
    |       `-- ClientGoneError      who asked left before it
    `-- EffectFailed                 thrown into a flow by its driver: an effect did not come about

No error text ever holds a secret: errors are built from names and places, not from values.
"""

from __future__ import annotations


class SafetyError(Exception):
    """An error a person can act on.

    Args:
        thing: what is wrong, by name ("policies/matrix.yaml", "approval 7f3a").
        reason: why, in one clause.
        fix: what to do about it; empty only where nothing can be done.
    """

    def __init__(self, thing: str, reason: str, fix: str = "") -> None:
        super().__init__(thing, reason, fix)
        self.thing = thing
        self.reason = reason
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.thing}: {self.reason}" + (f". Fix: {self.fix}" if self.fix else "")


class InputError(SafetyError):
    """What came in is not what it must be."""


class LimitError(InputError):
    """What came in is larger, deeper or slower than allowed."""


class PolicyError(SafetyError):
    """A part of the policy is wrong."""


class BundleError(SafetyError):
    """Bytes that claim to be a policy bundle were refused."""


class RollbackError(BundleError):
    """An older version than one that is already trusted."""


class FreezeError(BundleError):
    """Metadata past its expiry: somebody may be holding newer versions back."""


class MixAndMatchError(BundleError):
    """Parts that were each signed, but not together."""


class UnderSignedError(BundleError):
    """Fewer valid signatures than the role's threshold."""


class TamperedError(BundleError):
    """Bytes that differ from what was signed."""


class WrongTenantError(BundleError):
    """A bundle that was made for somebody else."""


class OversizeError(BundleError):
    """More data than was announced or allowed."""


class UnsafePathError(BundleError):
    """A path that leaves its folder, or is no plain file."""


class UnprovenError(BundleError):
    """Golden vectors come out differently on this machine."""


class GrantError(SafetyError):
    """A grant that does not entitle this call."""


class ForgedGrantError(GrantError):
    """No pinned key signed it."""


class MismatchedGrantError(GrantError):
    """It was given for another request, digest or policy revision."""


class ExpiredGrantError(GrantError):
    """It came, or was used, too late."""


class ReplayedGrantError(GrantError):
    """It has been used already."""


class WeakApproverError(GrantError):
    """Its key may not approve this level."""


class SecretError(SafetyError):
    """The vault or a reference."""


class UnknownSecretError(SecretError):
    """No secret has this name."""


class BrokenSealError(SecretError):
    """A sealed value does not open under this key, row and version."""


class ForbiddenSecretError(SecretError):
    """The agent or the tool is not among those that may use the secret."""


class ExpiredSecretError(SecretError):
    """The secret's time is over."""


class CanaryError(SecretError):
    """The secret is a canary: whoever uses it has it from where nobody should look."""


class CommonValueError(SecretError):
    """A value too common to be matched without false alarms, or one that is more than the value."""


class UnscannableError(SafetyError):
    """A body that nobody could look into, and which therefore does not leave."""


class AuditError(SafetyError):
    """The audit log contradicts itself, or cannot be written."""


class BudgetError(SafetyError):
    """What an agent, or all of them together, may spend on models is used up, or nobody can tell."""


class ExecutionError(SafetyError):
    """The tool did not run to its end."""


class UncertainError(ExecutionError):
    """Nobody knows whether the tool did what it was to do: it was cut off in the middle."""


class RequestError(SafetyError):
    """A signed request between our own parts was refused."""


class ForgedRequestError(RequestError):
    """The tenant's key did not sign it."""


class StaleRequestError(RequestError):
    """Its time is too far from ours."""


class ReplayedRequestError(RequestError):
    """It has come before."""


class UnavailableError(SafetyError):
    """A neighbour (hub, provider, policy engine, disk) did not answer."""


class RefusedError(UnavailableError):
    """A neighbour answered that it will not: asking again the same way is useless."""


class BusyError(UnavailableError):
    """The neighbour, or this very process, has too much of this for now."""


class UnansweredError(UnavailableError):
    """The neighbour was asked, and no answer will come: what was asked for may have been done, and may cost."""


class ClientGoneError(UnansweredError):
    """Who asked has left before the answer came."""


class EffectFailed(SafetyError):
    """An effect did not come about; the flow that asked for it ends in deny or ask."""
