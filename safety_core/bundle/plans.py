"""plans.yaml -> whether one answer of a person may cover a whole plan.

plans:
  up_to: yellow_external      # the gravest call that such an answer covers; a graver one asks by itself
  minutes: 60                 # how long it may be used, from when it has reached the edge

Without the file, each call of a plan asks by itself.
"""

from __future__ import annotations

from typing import Final

from safety_core.bundle.approvers import level_of
from safety_core.errors import PolicyError
from safety_core.model.blueprint import PlanRules
from safety_core.model.level import Level
from safety_core.wire.reader import Reader

MINUTES: Final = 8 * 60
"""The longest that one answer may cover a plan: a working day."""


def parse_plans(reader: Reader) -> PlanRules:
    """Return the rules. Raises PolicyError or InputError naming the field."""
    rules = PlanRules(level_of(reader, "up_to"), 60.0 * reader.integer("minutes", minimum=1, maximum=MINUTES))
    if rules.up_to is Level.CRITICAL_RED:
        raise PolicyError(f"{reader.path}.up_to", "is asked about call by call, always", "write red, or less")
    reader.done()
    return rules
