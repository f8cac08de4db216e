"""Whoever holds a token of the hub asks it something: what the clients of approvers and publishers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Self

import httpx2

from safety_core.edge.hub import check_answer, check_url
from safety_core.errors import InputError, UnavailableError
from safety_core.wire.reader import Reader

JSON: Final = "application/json"


@dataclass(slots=True)
class BearerClient:
    """Speaks for one holder of a token. Use it as a context manager. Raises UnavailableError, RefusedError.

    Attributes:
        url: the hub's, without a path.
        token: as `safety hub approver add` and the like print it.

    Raises:
        InputError: either cannot be one.
    """

    HOLDER: ClassVar[str]
    """Whose token it is, for errors."""
    PATIENCE: ClassVar[float]
    """Seconds for one answer of the hub."""
    AWAY: ClassVar[str] = "check --hub and the network"
    """What to do if there is none."""

    url: str
    token: str = field(repr=False)
    _http: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base = check_url(self.url)
        if not self.token.isascii() or not self.token.isprintable() or not self.token:
            raise InputError(f"{self.HOLDER}'s token", "is not a token", "put it into a file and give --token-file")
        headers = {"Authorization": f"Bearer {self.token}"}
        verify = base.startswith("https:")  # reading the system's certificates takes longer than a loopback answer
        self._http = httpx2.Client(
            base_url=base, headers=headers, timeout=self.PATIENCE, trust_env=False, verify=verify
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _ask(
        self, method: str, path: str, body: bytes = b"", *, kind: str = JSON, query: Mapping[str, str] | None = None
    ) -> Reader:
        try:
            answer = self._http.request(method, path, content=body, params=query, headers={"Content-Type": kind})
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise UnavailableError("hub", f"did not answer ({type(error).__name__})", self.AWAY) from error
        try:
            return Reader.parse(check_answer(answer.status_code, answer.content), "hub's answer")
        except InputError as error:
            raise no_hub() from error


def no_hub() -> UnavailableError:
    """Return what to raise for an answer that no hub gives."""
    return UnavailableError("hub", "sent an answer that is no hub's", "check --hub")
