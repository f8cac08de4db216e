"""All checks, by the name that a pattern gives. Each takes the secret and the whole match and says whether it can be
real; the first sentence of its docstring explains a finding to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from safety_core.match.assigned import IN_CONTEXT
from safety_core.match.structure import STRUCTURE

Check: TypeAlias = Callable[[str, str], bool]

CHECKS: Final[Mapping[str, Check]] = {**IN_CONTEXT, **STRUCTURE}
