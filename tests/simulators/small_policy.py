"""A whole policy that fits on a page: one rule with tests, three programs, two tools. It does not move when the shipped
one does."""

from __future__ import annotations

from typing import Final

from tests.simulators.repository import SOURCES

TEST: Final = b"""\
package safety.rules.deletes_test

import rego.v1

test_deleting_is_red if {
	facts := {"actions": [{"kind": "destroy", "targets": [{"value": "/x"}]}]}
	data.safety.rules.deletes.hits == {{"level": "red", "reason": "deletes /x"}} with input as facts
}
"""

CATALOGUE: Final = b"""\
programs:
  rm: {effect: destroy, words: deletes files, operands: path, flags: "-f", options: {-r: +recursive}}
  sudo: {wrapper: 0, traits: privileged}
  echo: {effect: read, words: prints text, stream: echo}
  sh: {effect: run_code, operands: script, stdin: "code:shell", options: {-c: "=code:shell"}}
tools:
  exec: {args: {command: [command]}}
  message: {effect: outward, words: sends a message, args: {recipient: [to]}}
"""

SMALL: Final = {
    **SOURCES,
    "floors/base.yaml": b"floors: []\n",
    "rules/deletes/deletes_test.rego": TEST,
    "catalogue/all.yaml": CATALOGUE,
}
"""By path, as `safety_core.bundle.source` takes it."""
