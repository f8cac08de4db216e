"""What a command ran into, in words."""

from __future__ import annotations

import signal

from safety_core.edge.confine.confinement import GIB, MIB, Confinement
from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.told import size, told

LIMITS = Limits(confinement=Confinement(writable=("/srv/agent", "/tmp"), memory=256 * MIB, cpu_seconds=9))


def test_nothing_is_said_of_a_command_that_ran_into_nothing() -> None:
    assert told(LIMITS, (), 0, "Permission denied", flooded=False) == ""
    assert told(LIMITS, (), 1, "no such file", flooded=False) == ""


def test_each_bound_has_its_words() -> None:
    words = told(LIMITS, ("memory", "processes"), 137, "", flooded=True)
    assert words.splitlines() == [
        "[confined: ended, since it printed more than 256 MiB]",
        "[confined: killed for memory, since it used more than 256 MiB]",
        "[confined: refused further processes, since it had 512]",
    ]
    assert "grew past 4 GiB" in told(LIMITS, (), 128 + signal.SIGXFSZ, "", flooded=False)
    assert "computed for 9 seconds" in told(LIMITS, (), 128 + signal.SIGXCPU, "", flooded=False)


def test_who_was_refused_is_told_where_commands_write() -> None:
    for denial in ("Permission denied", "Read-only file system", "Operation not permitted"):
        assert "commands write in /srv/agent, /tmp and nowhere else" in told(LIMITS, (), 1, denial, flooded=False)


def test_without_a_confinement_only_the_output_is_bounded() -> None:
    free = Limits(flood=GIB, confinement=None)
    assert told(free, ("memory",), 1, "Permission denied", flooded=False) == ""
    assert told(free, (), 137, "", flooded=True) == "[confined: ended, since it printed more than 1 GiB]\n"


def test_sizes_are_said_as_people_do() -> None:
    assert (size(64 * MIB), size(2 * GIB), size(GIB + GIB // 2)) == ("64 MiB", "2 GiB", "1.5 GiB")
