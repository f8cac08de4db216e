"""What may happen to a call that has been judged: allow, ask, ask a strong approver, deny.

ruling   manifest, floors, matrix, external gate and the rest, joined
outward  grants that cover what goes outside
agents   agents that have other agents work for them
"""

from safety_core.gate.agents import SPAWN, SPEAK, most_running
from safety_core.gate.outward import covering
from safety_core.gate.ruling import rule_on, rulings_on

__all__ = ["SPAWN", "SPEAK", "covering", "most_running", "rule_on", "rulings_on"]
