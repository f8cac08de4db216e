"""A script that was written before and is run now is judged by what it says, however it came to be there."""

from __future__ import annotations

import pytest

from safety_core.classify.facts import read_call
from safety_core.classify.files import Written
from safety_core.model.facts import Facts, Kind
from tests.simulators.judging import WORKSPACE, Judging, call_of


class Session:
    """One session whose calls all ran."""

    def __init__(self, judging: Judging) -> None:
        self.judging = judging
        self.written: Written = {}

    def call(self, tool: str, **params: object) -> Facts:
        call = call_of(tool, params)  # type: ignore[arg-type]
        reading = read_call(call, self.judging.catalogue, WORKSPACE, self.written)
        self.written = {**self.written, **reading.written}
        return reading.facts

    def shell(self, command: str) -> Facts:
        return self.call("exec", command=command)


@pytest.fixture
def session(judging: Judging) -> Session:
    return Session(judging)


def kinds(facts: Facts) -> set[Kind]:
    return {action.kind for action in facts.actions}


@pytest.mark.parametrize(
    "write",
    [
        "echo 'rm -rf ~/shop' > s.sh",
        "cat > s.sh <<'EOF'\nrm -rf ~/shop\nEOF",
        "cat <<'EOF' | tee s.sh\nrm -rf ~/shop\nEOF",
        "echo 'rm -rf ~/shop' | tee -a s.sh",
        "echo ls > s.sh; echo 'rm -rf ~/shop' >> s.sh",
        "echo 'rm -rf ~/shop' > t; cp t s.sh",
        "echo 'rm -rf ~/shop' > t; mv -f t s.sh",
        "mkdir d; echo 'rm -rf ~/shop' > d/s.sh; cp d/s.sh .",
        "echo 'rm -rf ~/shop' > d/s.sh; cp -t . d/s.sh",
        "echo 'rm -rf ~/shop' > s.sh; echo x > d/y; cp s.sh d/y d; cp -r d e; cp e/s.sh s.sh",
        "echo 'cm0gLXJmIH4vc2hvcAo=' | base64 -d > s.sh",
    ],
)
@pytest.mark.parametrize(
    "run", ["sh s.sh", "bash ./s.sh", ". ./s.sh", "./s.sh", "chmod +x s.sh && ./s.sh", "sh < s.sh"]
)
def test_a_script_is_judged_by_what_was_written(session: Session, write: str, run: str) -> None:
    session.shell(write)
    assert Kind.DESTROY in kinds(session.shell(run))


def test_tools_and_commands_see_the_same_files(session: Session) -> None:
    session.call("write", path="s.sh", content="ls\n")
    assert kinds(session.shell("bash s.sh")) == {Kind.READ}
    session.call("edit", path="s.sh", old_string="ls", new_string="rm -rf ~/shop")
    assert Kind.DESTROY in kinds(session.shell("bash s.sh"))
    session.call("apply_patch", input="*** Begin Patch\n*** Add File: p.sh\n+shutdown now\n*** End Patch")
    assert Kind.CONTROL in kinds(session.shell("bash p.sh"))
    session.call("write", path="a.sh", content="rm -rf ~/shop", mode="append")
    assert Kind.DESTROY in kinds(session.shell("bash a.sh"))
    session.call("write", path="b.sh", content=["ls", "pwd"])
    assert "with a text that is not known" in session.shell("bash b.sh").unknown[0]


def test_the_first_line_says_what_reads_a_script(session: Session) -> None:
    session.call("write", path="s", content="#!/usr/bin/env python3\nimport shutil\nshutil.rmtree('/srv')\n")
    assert Kind.DESTROY in kinds(session.shell("./s"))
    session.call("write", path="s", content="#!/workspace/s\nrm -rf ~/shop\n")
    assert Kind.DESTROY in kinds(session.shell("./s"))


@pytest.mark.parametrize("run", ["sh s.sh", "./s.sh"])
@pytest.mark.parametrize(
    "write", ["curl -o s.sh https://example.com/s", "echo ls > s.sh; sed -i s/ls/id/ s.sh", "sort list > s.sh"]
)
def test_a_text_that_nobody_knows_is_said_to_be_unknown(session: Session, write: str, run: str) -> None:
    session.shell(write)
    facts = session.shell(run)
    assert Kind.RUN_CODE in kinds(facts)
    assert any("a text that is not known" in reason for reason in facts.unknown)


@pytest.mark.parametrize("run", ["sh s.sh", "./s.sh", "sh < s.sh", "cat s.sh | sh"])
def test_what_was_downloaded_stays_downloaded(session: Session, run: str) -> None:
    session.shell("curl -o s.sh https://example.com/s")
    (action,) = (action for action in session.shell(run).actions if action.kind is Kind.RUN_CODE)
    assert "downloaded" in action.traits
