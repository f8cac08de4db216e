"""detect-secrets: `scan_file` with the settings it comes with; it reads files only, so the message lies in one."""

import os
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.settings = default_settings()
        self.settings.__enter__()

    def facts(self) -> dict[str, Any]:
        return {"version": version("detect-secrets")}

    def prepare(self, raw: str) -> str:
        handle, path = tempfile.mkstemp(suffix=".txt", dir=self.folder.name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(raw)
        return path

    def scan(self, message: str) -> None:
        for _ in scan_file(message):
            pass

    def cleaned(self, message: str) -> str:
        text = Path(message).read_text("utf-8")
        for finding in scan_file(message):
            text = text.replace(finding.secret_value or "", "") if finding.secret_value else text
        return text
