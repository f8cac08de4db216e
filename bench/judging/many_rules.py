"""The base policy with any number of further rules, as a large shop has them: each for one program of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from safety_core.bundle.contents import TrustedBundle
from safety_core.edge.shipped import bundle_of, shipped_sources

MEASURED: Final = ("grep", "sort", "uniq")
"""The programs of the command that is measured: each has a rule in every bundle, so that the work is the same."""

RULE: Final = """\
# METADATA
# title: House rule {number}
# description: What the shop has agreed on for {program}.
# custom:
#   id: {name}
#   subjects: [{program}]
package safety.rules.{name}

import rego.v1

hits contains {{"level": "red", "reason": "{program} writes outside of its folder"}} if {{
	some action in object.get(input, "actions", [])
	action.subject == "{program}"
	some target in object.get(action, "targets", [])
	startswith(target.value, "/srv/house-{number}/")
}}
"""


def sources(number: int) -> Mapping[str, bytes]:
    """Return the sources of a policy with `number` rules beside those of the base policy."""
    return {**shipped_sources(), **dict(_rule(index) for index in range(number))}


def bundle(number: int) -> TrustedBundle:
    """Return such a policy, ready to judge by."""
    return bundle_of(sources(number))


def _rule(index: int) -> tuple[str, bytes]:
    name = f"house_{index:05}"
    program = MEASURED[index] if index < len(MEASURED) else f"tool-{index:05}"
    text = RULE.format(number=index, name=name, program=program)
    return f"rules/{name}/{name}.rego", text.encode()
