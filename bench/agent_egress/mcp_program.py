"""An MCP server that says what a case has it say, on its standard input and output:

python mcp_program.py FOLDER        # FOLDER/tools.json and FOLDER/result.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

NAME = "bench"


def connections(python: str, folder: Path) -> str:
    """Return the edge's setting that names this server."""
    program = Path(__file__).resolve()
    options = {"readable": [str(program.parent), str(folder)]}
    target = f"{python} {program} {folder}"
    return json.dumps({NAME: {"adapter": "mcp", "target": target, "options": options}})


def tool(name: str, description: str = "Looks something up.") -> dict[str, Any]:
    """Return the definition of a tool with one argument."""
    schema = {"type": "object", "properties": {"question": {"type": "string"}}}
    return {"name": name, "description": description, "inputSchema": schema}


def say(folder: Path, tools: list[Any], result: dict[str, Any] | None = None) -> None:
    """Write down which tools it has, and what a call of one comes to."""
    (folder / "tools.json").write_text(json.dumps(tools))
    (folder / "result.json").write_text(json.dumps(result or {"content": []}))


def main(folder: Path) -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            answer = {"jsonrpc": "2.0", "id": message["id"], "result": _result(folder, message)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _result(folder: Path, message: dict[str, Any]) -> Any:
    if message["method"] == "initialize":
        version = message["params"]["protocolVersion"]
        info = {"name": NAME, "version": "1"}
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    if message["method"] == "tools/list":
        return {"tools": json.loads((folder / "tools.json").read_text())}
    return json.loads((folder / "result.json").read_text()) if message["method"] == "tools/call" else {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
