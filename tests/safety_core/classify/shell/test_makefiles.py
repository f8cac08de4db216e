"""What `make` runs, by the makefile that was written."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.shell.makefiles import commands_for
from safety_core.model.level import Level
from tests.simulators.judging import Judging

TEXT = """# a shop
OUT := dist
.PHONY: all clean
all: build
\t@echo done
build: ; -ls $(OUT) $@
clean:
\trm -r $(OUT) \\
\t  $$HOME $(shell pwd)
clean: build
words that are no rule
%.o: %.c
\tcat $<
"""


@pytest.mark.parametrize(
    ("goals", "script"),
    [
        ([], ["cat " + HOLE, "echo done", " -ls ${OUT} " + HOLE]),
        (["build", "other"], ["cat " + HOLE, " -ls ${OUT} " + HOLE]),
        (["clean"], ["cat " + HOLE, "rm -r ${OUT}  \t  $HOME $(pwd)", " -ls ${OUT} " + HOLE]),
    ],
)
def test_what_a_goal_needs_is_run(goals: list[str], script: list[str]) -> None:
    assert commands_for(TEXT, goals).splitlines() == ['OUT="dist"', *script]


@pytest.mark.parametrize(
    ("run", "level"),
    [
        ("make", Level.CRITICAL_RED),
        ("make all x=1", Level.CRITICAL_RED),
        ("make -f Makefile all", Level.CRITICAL_RED),
        ("make other", Level.YELLOW),
        ("make -f none.mk", Level.YELLOW),
    ],
)
def test_a_written_makefile_is_judged_by_what_it_runs(judging: Judging, run: str, level: Level) -> None:
    written = "printf 'all:\\n\\trm -rf /\\nother:\\n\\tls\\n' > Makefile"
    assert judging.level(f"{written}; {run}") is level
