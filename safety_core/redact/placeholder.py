"""The name of what was found. The same value has the same name, so that a provider's prompt cache survives
redaction."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from safety_core.match.span import Span
from safety_core.model.secret import DISCOVERED, SecretName

_RULE_LENGTH: Final = 40


def name_for(span: Span, value: str, tenant_key: bytes) -> SecretName:
    """Return the registered name, or `found_<rule>_<8 hex>`, where the digits are an HMAC of the value
    under the tenant's key."""
    if span.name is not None:
        return span.name
    mac = hmac.new(tenant_key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    rule = re.sub(r"[^A-Za-z0-9_.-]", "-", span.rule)[:_RULE_LENGTH]
    return SecretName(f"{DISCOVERED}{rule}_{mac[:8]}")
