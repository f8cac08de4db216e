"""A guard that denies every tool that it has not seen since it was reset."""

from typing import Any


class Scanner:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.seen: set[str] = set()

    def facts(self) -> dict[str, Any]:
        return {"version": "1.2", "asked": "whether it was there before"}

    def reset(self) -> None:
        self.seen = set()

    def judge(self, calls: list[dict[str, Any]]) -> list[str]:
        answers = ["allow" if call["tool"] in self.seen else "deny" for call in calls]
        self.seen |= {call["tool"] for call in calls}
        return answers

    def close(self) -> None:
        """It has nothing open."""
