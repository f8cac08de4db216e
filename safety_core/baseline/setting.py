"""A name, its value and where both stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a file of settings.

    Attributes:
        key: the way to it, for people: "jobs.build.env.TOKEN".
        name: what it is called: "TOKEN"; empty for what has no name.
        start: where the value stands in the text, in characters: [start, end), with its quotes.
        sealed: it is the data of a Kubernetes Secret.
    """

    key: str
    name: str
    value: str
    start: int
    end: int
    sealed: bool = False
