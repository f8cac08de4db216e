"""kingfisher-secret-scanner: `Scanner()` with all its rules. It has no registry of known values."""

from importlib.metadata import version
from typing import Any

import kingfisher_sdk


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.scanner = kingfisher_sdk.Scanner()
        self.scanner.scan("compile the rules now")

    def facts(self) -> dict[str, Any]:
        return {"version": version("kingfisher-secret-scanner")}

    def prepare(self, raw: str) -> bytes:
        return raw.encode()

    def scan(self, message: bytes) -> None:
        self.scanner.scan(message)

    def cleaned(self, message: bytes) -> str:
        text = message.decode()
        for finding in self.scanner.scan(message):
            text = text.replace(finding.secret, "")
        return text
