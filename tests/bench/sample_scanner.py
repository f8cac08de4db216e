"""A scanner that finds the word `needle`; it prints, and can be made to fail and to end."""

import time
from typing import Any


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        print("building")
        self.words = ["needle", *secrets.values()]

    def facts(self) -> dict[str, Any]:
        return {"version": "1"}

    def prepare(self, raw: str) -> str:
        return raw

    def scan(self, message: str) -> None:
        print(message)
        if "fail" in message:
            raise ValueError("told to")

    def cleaned(self, message: str) -> str:
        for word in self.words:
            message = message.replace(word, "")
        return message

    def sleep(self) -> None:
        time.sleep(60)

    def end(self) -> None:
        raise SystemExit("and that was it")
