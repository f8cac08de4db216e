"""betterleaks-py: `scan_string` with its own rules. It has no registry of known values."""

from importlib.metadata import version
from typing import Any

import betterleaks


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        betterleaks.scan_string("compile the rules now")

    def facts(self) -> dict[str, Any]:
        return {"version": version("betterleaks-py")}

    def prepare(self, raw: str) -> str:
        return raw

    def scan(self, message: str) -> None:
        betterleaks.scan_string(message)

    def cleaned(self, message: str) -> str:
        text = message
        for finding in betterleaks.scan_string(message):
            text = text.replace(finding.secret, "")
        return text
