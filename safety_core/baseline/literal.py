"""Is a value written down, or only named."""

from __future__ import annotations

import re
from typing import Final

from safety_core.match.promise import SHORTEST, promised
from safety_core.match.wordlike import repeated

_REFERENCE: Final = re.compile(
    r"\$\{|\$\(|\$[A-Za-z_]|\$\[|\{\{|\}\}|<%|\[\[|%\w+%|%\{|SECRET_REF\(|<[^<>]*>"
    r"|\bENC\[|^\$ANSIBLE_VAULT|secretKeyRef|lookup\(|@Microsoft\.KeyVault"
    r"|^(?:vault|op|ssm|secrets?|file|env|ref\+\w+|awssm|aws_sm|gcpsm|gsm|keyvault|bw|bws|doppler|infisical|sops|arn)[:/]"
    r"|^(?:var|vars|local|data|module|env|secrets?|each|self|params|parameters|config|inputs|process\.env)\.\w"
    r"|^[A-Za-z_][\w.]*\(|^projects/[^/]+/secrets/|^[~.]{0,2}/|^[A-Za-z]:\\|^[a-z][a-z0-9+.-]*://|^@"
)
"""Something else says what the value is: a variable, a vault, a function, a file, an address."""

_STAND_IN: Final = re.compile(
    r"test|example|dummy|fake|sample|change[-_ ]?me|placeholder|redacted|replace|your[-_ ]|mock|demo|foo|todo|insert|"
    r"default|local|dev|x{3}|\*{3}|\.{3}|^(?:none|null|nil|true|false|yes|no|on|off|write|read|inherit|never|always)$"
    r"|^(?:my)?(?:postgres(?:ql)?|root|admin|pass(?:word|wd)?|pw|pwd|secret|user|guest|mysql|mariadb|mongo|redis|rabbitmq"
    r"|minio(?:admin)?|sa|ci|travis|circle(?:ci)?|github|runner|vagrant|docker|app|temp|tmp|empty|ok)\W?\d{0,4}$",
    re.IGNORECASE,
)
"""What everybody writes where nothing is guarded: the database of a test run, a form to fill in."""

_WEAK: Final = re.compile(r"[^\s,;{}()\[\]]{4,64}")


def is_reference(value: str) -> bool:
    """Say whether a value only names where the real one comes from."""
    return not value.strip() or _REFERENCE.search(value) is not None


def is_weak_password(name: str, value: str) -> bool:
    """Say whether something named as a password is a plain word: too weak to look like one, and in use all the same."""
    return (
        promised(name) == SHORTEST
        and _WEAK.fullmatch(value) is not None
        and not is_reference(value)
        and not _STAND_IN.search(value)
        and not repeated(value)
        and value.lower() not in name.lower()
        and any(map(str.isalnum, value))
    )
