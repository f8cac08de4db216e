"""The first form of a rule, a program or a tool: what an author begins with. Each passes the checks as it is.

A rule fires only for a target that bears its own name, so that it changes nothing until somebody says what it is about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from safety_core.bundle.rules import ID
from safety_core.errors import InputError
from safety_core.model.facts import Kind
from safety_core.model.level import Level

PROGRAM: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
TOOL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,199}")

_RULE: Final = """\
# METADATA
# title: {title}
# description: Say here what it is that should not happen, and to whom it matters.
# custom:
#   id: {id}
#   kinds: [{kind}]
package safety.rules.{id}

import rego.v1

# The reason is what a shop owner reads when asked. `safety policy explain --json` shows what `input` holds.
hits contains {{"level": "{level}", "reason": "{reason}"}} if {{
	some action in object.get(input, "actions", [])
	object.get(action, "kind", "") == "{kind}"
	some target in object.get(action, "targets", [])
	contains(object.get(target, "value", ""), "{id}")
}}
"""

_TEST: Final = """\
package safety.rules.{id}_test

import rego.v1

import data.safety.rules.{id}

test_it_fires if {{
	target := {{"kind": "data", "value": "the {id} of this shop", "zone": "unknown"}}
	some hit in {id}.hits with input as {{"actions": [{{"kind": "{kind}", "targets": [target]}}]}}
	hit.level == "{level}"
}}

test_another_target_is_nothing if {{
	target := {{"kind": "data", "value": "something else", "zone": "unknown"}}
	count({id}.hits) == 0 with input as {{"actions": [{{"kind": "{kind}", "targets": [target]}}]}}
}}

test_an_odd_input_is_no_error if {{
	found := {id}.hits with input as {{"actions": [{{}}]}}
	is_set(found)
}}
"""

_CATALOGUE_PROGRAM: Final = """\
# What `{name}` does. The fields stand at the head of safety_core/classify/catalogue.py.
programs:
  {name}:
    effect: {effect}  # what it does by itself, without a subcommand
    words: works with {name}  # what it does, for whoever is asked to approve
    flags: "-h -q -v --help --quiet"  # harmless options without a value
    values: "--format"  # harmless options with a value
    options: {{"-o, --output": "write=path"}}  # options that do something, or whose values matter
    commands:
      list: {{effect: read, words: lists what {name} has}}
      delete: {{effect: destroy, words: deletes something in {name}, operands: data}}
"""

_BARE_PROGRAM: Final = """\
# What `{name}` does. The fields stand at the head of safety_core/classify/catalogue.py.
programs:
  {name}:
    effect: {effect}
    words: works with {name}
    open: true  # options are mere parameters, until somebody lists them
"""

_CATALOGUE_TOOL: Final = """\
# What the tool `{name}` does. The fields stand at the head of safety_core/classify/catalogue.py.
tools:
  {name}:
    effect: {effect}  # one of {effects}
    words: uses {name}  # what it does, for whoever is asked to approve
    adapter: none  # the agent runs it, not the edge
"""


def begun_rule(rule: str, level: Level, kind: Kind) -> Mapping[str, bytes]:
    """Return the files of a new rule with its tests, by path. Raises InputError for a name that is no rule id."""
    if not ID.fullmatch(rule):
        raise InputError(
            f"rule {rule[:60]!r}", "is no rule id", "use a-z, 0-9 and _, beginning with a letter: deletes_backups"
        )
    words = rule.replace("_", " ")
    fields = {"id": rule, "title": words.capitalize(), "level": level.word, "kind": kind.value, "reason": words}
    folder = f"rules/{rule}/{rule}"
    return {
        f"{folder}.rego": _RULE.format(**fields).encode(),
        f"{folder}_test.rego": _TEST.format(**fields).encode(),
    }


def begun_program(name: str, effect: Kind, *, bare: bool = False) -> Mapping[str, bytes]:
    """Return a catalogue file for a new program, by path; a bare one says its effect and nothing else.

    Raises:
        InputError: no program has that name.
    """
    if not PROGRAM.fullmatch(name):
        raise InputError(f"program {name[:60]!r}", "is no name of a program", "give its name without a folder: till")
    return {
        f"catalogue/{name.lower()}.yaml": (_BARE_PROGRAM if bare else _CATALOGUE_PROGRAM)
        .format(name=name, effect=effect.value)
        .encode()
    }


def begun_tool(name: str, effect: Kind) -> Mapping[str, bytes]:
    """Return a catalogue file for a new tool, by path. Raises InputError for a name that no tool has."""
    if not TOOL.fullmatch(name):
        raise InputError(f"tool {name[:60]!r}", "is no name of a tool", "give it as the agent calls it: refund_order")
    file = re.sub(r"[^A-Za-z0-9_.-]", "_", name).lower()
    text = _CATALOGUE_TOOL.format(name=name, effect=effect.value, effects=" ".join(Kind))
    return {f"catalogue/tool_{file}.yaml": text.encode()}
