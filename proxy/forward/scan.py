"""What in a request of other software must not leave. A reference in place of a value would break the request silently,
so it is refused, and told by which name the secret is known.

Refused: registered secrets, and what a provider's pattern confirms. Not refused: a pattern's find in a header that is
made for credentials (it is the software's own, and nobody registered it), and what is only random: ids, digests and
archives are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from proxy.errors import SecretInRequestError
from safety_core.flow.egress_effects import Headers
from safety_core.flow.headers import text_of
from safety_core.model.finding import Finding, FindingKind
from safety_core.model.secret import SecretName, SecretValue, reference
from safety_core.redact.redactor import Redactor

CREDENTIALS: Final = frozenset({b"authorization", b"cookie"})
"""Headers in which software shows who it is to the host that it talks to."""

_FIX: Final = "let the agent send it as a reference with the tool http_request, or take it out of the request"

_FIX_OTHERS: Final = "take it out of the request, or list the host without strict, if it is meant to get that"


@dataclass(slots=True)
class Found:
    """Where secrets stand in a request: (place, name), and those that nobody has registered.

    Attributes:
        strict: every kind counts, wherever it stands.
        others: what else must not leave, in words.
    """

    places: list[tuple[str, SecretName]] = field(default_factory=list)
    discovered: dict[SecretName, SecretValue] = field(default_factory=dict)
    strict: bool = False
    others: list[str] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """True where something must not leave."""
        return bool(self.places or self.others)

    def add(
        self,
        place: str,
        findings: Iterable[Finding],
        discovered: Mapping[SecretName, SecretValue],
        *,
        own: bool = False,
        chance: bool = True,
    ) -> None:
        """Note what was found at `place`.

        Args:
            own: it may be the software's own credential.
            chance: what is only random counts, where it is looked for.
        """
        kinds = {FindingKind.REGISTERED}
        if self.strict or not own:
            kinds.add(FindingKind.PATTERN)
        if self.strict and chance:
            kinds.add(FindingKind.UNKNOWN)
        for finding in findings:
            if finding.kind in kinds:
                self.places.append((place, finding.name))
                if finding.name in discovered:
                    self.discovered[finding.name] = discovered[finding.name]

    def error(self, where: str) -> SecretInRequestError:
        """Return the refusal."""
        if not self.places:
            return SecretInRequestError(f"the request to {where}", f"holds {', '.join(self.others[:8])}", _FIX_OTHERS)
        told = sorted({f"{place} {reference(name)}" for place, name in self.places})
        return SecretInRequestError(f"the request to {where}", f"holds a secret: {', '.join(told[:8])}", _FIX)


def scan_head(found: Found, target: str, headers: Headers, redactor: Redactor) -> None:
    """Look through host, URL and headers. Raises UnscannableError."""
    url = redactor.text(target)
    found.add("in the URL", url.findings, url.discovered, chance=False)  # `strict` takes it apart
    if not redactor.text("\n".join(text_of(part) for header in headers for part in header)).findings:
        return  # the common case, at the cost of one scan
    for number, (name, value) in enumerate(headers, 1):
        clean = redactor.text(text_of(name))
        found.add(f"in the name of header {number}", clean.findings, clean.discovered)
        place = f"in the header {clean.text[:100]}"
        clean = redactor.text(text_of(value))
        found.add(place, clean.findings, clean.discovered, own=name in CREDENTIALS)


def scan_body(found: Found, body: bytes, headers: Headers, redactor: Redactor) -> None:
    """Look through a body. Raises UnscannableError where that cannot be done: then it does not leave."""
    if not body:
        return
    stated = {name: value.decode("latin-1") for name, value in headers}
    clean = redactor.body(body, stated.get(b"content-type", "text/plain"), stated.get(b"content-encoding", ""))
    found.add("in the body", clean.findings, clean.discovered)
