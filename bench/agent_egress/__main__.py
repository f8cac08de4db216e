"""python -m bench.agent_egress CASES: put cases to a real edge, and say what came of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.agent_egress import machine, tools, web
from bench.agent_egress.case import Case, CaseError, read_cases
from bench.agent_egress.claims import not_applicable
from bench.agent_egress.score import good_enough, rates
from bench.agent_egress.told import as_json, lines, onto
from bench.agent_egress.verdict import ERROR, NOT_APPLICABLE, Verdict

if TYPE_CHECKING:
    from bench.agent_egress.site import Tried


def main(arguments: list[str]) -> int:
    """Return 0 where the goals are met, 1 where they are not, 2 where it cannot be tried."""
    chosen = _chosen(arguments)
    try:
        cases = [case for case in read_cases(chosen.cases) if not chosen.only or chosen.only in case.id]
        if not machine.inside():
            machine.enter(arguments)
        results = run(cases)
    except (CaseError, machine.MachineError) as error:
        print(error, file=sys.stderr)
        return 2
    for line in lines(results, chosen.show):
        print(line)
    if chosen.json:
        chosen.json.write_text(as_json(results))
    if chosen.page:
        chosen.page.write_text(onto(chosen.page.read_text(), results))
    return 0 if good_enough(rates(results)) else 1


def run(cases: Sequence[Case]) -> list[tuple[Case, Verdict]]:
    """Try each case that applies. Raises MachineError."""
    from bench.agent_egress.names import Names
    from bench.agent_egress.site import tried

    apart = {case.id: why for case in cases if (why := not_applicable(case))}
    turning = frozenset(case.host for case in cases if "dns_rebinding_fixture" in case.requires)
    results = [(case, Verdict(NOT_APPLICABLE, apart[case.id])) for case in cases if case.id in apart]
    with tempfile.TemporaryDirectory(prefix="egress", dir="/tmp") as name:
        machine.set_up(Path(name))
        Names(turning).start()
        with tried(cases, Path(name)) as here:
            for number, case in enumerate(cases, 1):
                if case.id not in apart:
                    results.append((case, _played(case, here)))
                    here.forget()
                    print(f"\r{number}/{len(cases)} {case.id:60}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return sorted(results, key=lambda result: result[0].id)


def _played(case: Case, here: Tried) -> Verdict:
    play = tools.played if case.kind.startswith("mcp_") else web.played
    try:
        return play(case, here)
    except Exception as error:  # noqa: BLE001 - whatever a case holds, the others are tried
        return Verdict(ERROR, f"{type(error).__name__}: {error}")


def _chosen(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.agent_egress", description=__doc__)
    parser.add_argument("cases", type=Path, help="a folder of cases, or a .tar.gz of one")
    parser.add_argument("--show", type=int, default=10, metavar="N", help="as many misses, with reasons")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the results into docs/agent-egress-bench.md")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose id holds this")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
