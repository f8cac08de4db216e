"""What is asked of each SDK, and of what its provider answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tests.proxy.egress.setting import CLIENT_TOKEN
from tests.simulators import providers

TOOL: Final = "exec"
ARGUMENTS: Final = {"command": "ls menu"}
CLAUDE: Final = "anthropic.claude-3-5-sonnet-20241022-v2:0"
SCHEMA: Final = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}
PATIENT: Final = 30.0
"""Seconds: longer than anything here takes."""


@dataclass(frozen=True)
class Options:
    """How a client is made. `retries`: how often it may ask again."""

    url: str
    token: str = CLIENT_TOKEN
    retries: int = 0
    seconds: float = PATIENT


@dataclass(frozen=True)
class Asked:
    """A tool call as an SDK gives it; `said` is what the conversation then holds of it."""

    tool: str
    arguments: Mapping[str, Any]
    said: Any


class Sdk:
    """One SDK; a client of it is made by calling its class.

    Attributes:
        status_error: what it raises where the answer is an error; `status` reads its number.
        time_out: what it raises when it has waited long enough.
        broken: what it raises where a stream says that it went wrong.
        retries: it asks again by itself.
        backend: what its provider answers: say, call_tool, fail.
    """

    status_error: ClassVar[type[Exception]]
    refused: ClassVar[type[Exception]]
    time_out: ClassVar[type[Exception]]
    broken: ClassVar[type[Exception]]
    retries: ClassVar[bool] = True
    backend: ClassVar[Any] = providers

    def __init__(self, options: Options) -> None:
        self.options = options

    def close(self) -> Any:
        """Let go of the client's connections."""
