"""The child process that judges with every line watched: `python -I -m safety_core.edge.coverage_worker`.

One request on standard input, one answer on standard output, both JSON. Request: {"modules": {path: text}, "data":
{...}, "ask": [{"rules": [...], "input": {...}}], "values": [path of a rule, ...], "each": bool}. Answer: {"ok":
{"hits": [[...] per question], "lines": [{path: [covered, missed]}]}}, with one entry of lines per question where "each"
is true, else one for everything. Or {"error": "..."}.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import regorus

from safety_core.edge.rego_worker import MEMORY_LIMIT


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Judge everything that is asked, and say which lines were reached."""
    engine = regorus.Engine()
    engine.set_enable_coverage(True)
    try:
        for name, text in request["modules"].items():
            engine.add_policy(name, text)
        engine.add_data_json(json.dumps(request["data"]))
        hits, lines = [], []
        for question in request["ask"]:
            hits.append(_hits(engine, question["rules"], question["input"]))
            if request["each"]:
                lines.append(_lines(engine))
                engine.clear_coverage_data()
        engine.set_input_json("{}")
        for path in request["values"]:
            engine.eval_rule_as_json(path)
        return {"ok": {"hits": hits, "lines": lines if request["each"] else [_lines(engine)]}}
    except RuntimeError as error:  # all that the engine raises
        return {"error": str(error).strip()}


def _hits(engine: Any, rules: list[str], facts: dict[str, Any]) -> list[dict[str, Any]]:
    engine.set_input_json(json.dumps(facts))
    found = []
    for rule in rules:
        value = json.loads(engine.eval_rule_as_json(f"data.safety.rules.{rule}.hits"))
        found += [{"rule": rule, **hit} for hit in value] if isinstance(value, list) else []
    return found


def _lines(engine: Any) -> dict[str, list[list[int]]]:
    report = json.loads(engine.get_coverage_report_as_json())
    return {file["path"]: [file["covered"], file["not_covered"]] for file in report["files"]}


def main() -> None:
    """Answer one request."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(answer(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
