"""A new policy comes into force while calls are judged: none waits in vain, and none is judged by two policies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.simulators.site import Edge, site

RULES = 300
"""Enough for the edge to be busy with it for a while."""

MOST = 50_000
"""Calls after which a policy that is not there is not coming."""

RULE = """\
# METADATA
# title: A rule of the house
# description: Says under which policy it fired
# custom:
#   id: house_{number}
package safety.rules.house_{number}

import rego.v1

hits contains {{"level": "yellow", "reason": "{revision} by rule {number}"}} if input.agent == "watched"
"""


def rules(revision: str) -> Mapping[str, bytes]:
    """Return rules of which the first two name the policy; the others concern programs that nobody runs."""
    texts = {}
    for number in range(RULES):
        text = RULE.format(number=number, revision=revision)
        if number > 1:
            text = text.replace(f"house_{number}\npackage", f"house_{number}\n#   subjects: [tool-{number}]\npackage")
        texts[f"rules/house_{number}/house_{number}.rego"] = text.encode()
    return texts


def say(edge: Edge, number: int) -> set[str]:
    """Return which policies the answer to one call names; it must be whole."""
    told: Any = edge.decide("exec", agent="watched", command=f"cat menu-{number}.txt")
    parts = {part for part in told["reason"].split("; ") if " by rule " in part}
    assert told["decision"] == "allow", told
    assert len(parts) == 2, told
    return {part.partition(" ")[0] for part in parts}


def test_answers_keep_coming_while_a_policy_is_swapped_and_each_is_of_one_policy() -> None:
    with site() as here, here.hub():
        here.introduce()
        here.publish("r1", rules("r1"))
        with here.edge() as edge:
            while edge.status()["policy"]["revision"] != "r1":
                time.sleep(0.02)
            with ThreadPoolExecutor(1) as pool:
                publishing = pool.submit(here.publish, "r2", rules("r2"))
                answers: list[set[str]] = []
                for number in range(MOST):
                    answers.append(say(edge, number))
                    if answers[-5:] == [{"r2"}] * 5:
                        break
                publishing.result()
            assert edge.status()["policy"]["revision"] == "r2"
    swapped = answers.index({"r2"})
    assert swapped > 0
    assert answers == [{"r1"}] * swapped + [{"r2"}] * (len(answers) - swapped)
