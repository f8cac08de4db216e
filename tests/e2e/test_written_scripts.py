"""A real edge judges a script by what its session wrote into it, as long as the edge lives."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.simulators.site import Edge, Site, call, site

DELETES = "#!/bin/bash\nrm -rf /\n"


@pytest.fixture(scope="module")
def here() -> Generator[Site, None, None]:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        yield here


@pytest.fixture(scope="module")
def edge(here: Site) -> Generator[Edge, None, None]:
    with here.edge() as edge:
        yield edge


def decided(edge: Edge, session: str, tool: str, **params: Any) -> tuple[str, str]:
    """Return what the plugin is told about a call of this session: the decision and the level."""
    answer = edge.ask("/v1/decide", {"call": {**call(tool, **params), "session": session}, "wait": 0})
    return answer["decision"], answer["level"]


ALLOWED = ("allow", "yellow")
"""A change in the workspace; and a script that nobody has read."""


def test_a_script_that_was_written_and_then_runs_is_judged_by_what_it_says(edge: Edge) -> None:
    assert decided(edge, "write", "exec", command="bash made.sh") == ALLOWED
    assert decided(edge, "write", "write", path="made.sh", content=DELETES) == ALLOWED
    for command in ("bash made.sh", "./made.sh", "sudo sh ./made.sh && ls", "bash < made.sh", ". ./made.sh"):
        assert decided(edge, "write", "exec", command=command)[1] == "critical_red", command


def test_another_session_does_not_know_it(edge: Edge) -> None:
    assert decided(edge, "one", "write", path="one.sh", content=DELETES) == ALLOWED
    assert decided(edge, "two", "exec", command="bash one.sh") == ALLOWED
    assert decided(edge, "one", "exec", command="bash one.sh")[1] == "critical_red"


def test_what_the_shell_writes_counts_and_so_does_an_edit(edge: Edge) -> None:
    heredoc = "cat > shell.sh <<'END'\necho hello\nEND"
    assert decided(edge, "shell", "exec", command=heredoc) == ALLOWED
    assert decided(edge, "shell", "exec", command="bash shell.sh") == ALLOWED
    edit = {"path": "shell.sh", "oldText": "echo hello", "newText": "rm -rf /"}
    assert decided(edge, "shell", "edit", **edit) == ALLOWED
    assert decided(edge, "shell", "exec", command="bash shell.sh")[1] == "critical_red"


def test_a_patch_counts(edge: Edge) -> None:
    patch = "*** Begin Patch\n*** Add File: patched.sh\n+rm -rf /\n*** End Patch"
    assert decided(edge, "patch", "apply_patch", input=patch) == ALLOWED
    assert decided(edge, "patch", "exec", command="bash patched.sh")[1] == "critical_red"


def test_a_call_that_was_not_permitted_has_written_nothing(edge: Edge) -> None:
    assert decided(edge, "parked", "exec", command="git push --force; echo 'rm -rf /' > parked.sh")[0] == "pending"
    assert decided(edge, "parked", "exec", command="bash parked.sh") == ALLOWED


def test_what_the_edge_runs_itself_counts_too(edge: Edge) -> None:
    assert edge.run("exec", command="printf 'rm -rf /\\n' > run.sh")["status"] == "executed"
    assert edge.run("exec", command="bash run.sh")["level"] == "critical_red"


def test_nobody_is_asked_about_a_call_that_could_not_run(edge: Edge) -> None:
    told = edge.run("exec", command="git push --force origin 'SECRET_REF(nothing)'")
    assert told["status"] == "refused"
    assert "nothing" in told["reason"]
    assert "approval" not in told


def test_after_a_power_cut_a_script_is_one_that_nobody_has_read() -> None:
    with site() as here, here.hub():
        here.introduce()
        here.publish()
        with here.edge() as edge:
            assert decided(edge, "cut", "write", path="cut.sh", content=DELETES) == ALLOWED
            assert decided(edge, "cut", "exec", command="bash cut.sh")[1] == "critical_red"
            edge.kill()
        with here.edge() as edge:
            assert decided(edge, "cut", "exec", command="bash cut.sh") == ALLOWED
