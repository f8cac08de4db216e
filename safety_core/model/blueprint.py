"""A blueprint: steps that the security team has written down and signed, with blanks that a person fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from safety_core.canonical import Json, JsonObject
from safety_core.model.level import Level

PLAN: Final = "safety_plan"
"""The name under which people are asked about a whole plan. No tool may have it."""


class InputType(StrEnum):
    """What a person may fill in."""

    TEXT = "text"
    """One line."""
    WORDS = "words"
    """Any number of lines."""
    EMAIL = "email"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    """2027-01-31."""
    MOMENT = "moment"
    """2027-01-31T09:30, or with seconds and an offset."""


class Comparison(StrEnum):
    """How a condition looks at its value."""

    IS = "is"
    IS_NOT = "is_not"
    OVER = "over"
    """Greater than a number; of a list or a text, its length."""


class OnFailure(StrEnum):
    """What follows when a step did not come about."""

    COMPENSATE = "compensate"
    """What the run did before is taken back, the last first."""
    STOP = "stop"
    """The run stands still until a person goes on, or cancels it."""
    GO_ON = "go_on"
    """The next step follows."""


@dataclass(frozen=True, slots=True)
class Input:
    """One blank.

    Attributes:
        question: what a person is asked.
        default: what stands there when nobody fills it in; None where somebody must.
        pattern: what a text must match as a whole; empty for any.
        choices: the only values; empty for any.
    """

    name: str
    type: InputType
    question: str
    default: Json = None
    pattern: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """`value`, a template, against what it is to be. `words`: what to tell people where it does not hold."""

    value: str
    test: Comparison
    than: Json
    words: str = ""


@dataclass(frozen=True, slots=True)
class Compensation:
    """The call that takes a step back; `tool` is empty where the service itself says which call that is."""

    tool: str = ""
    arguments: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One call, or one for each item of a list.

    Attributes:
        arguments: values may hold templates ("{{inputs.client}}", "{{steps.orders.output.rows.0.email}}").
        when: the step is left out unless it holds.
        for_each: a template for the list; the step is done once for each item, `most` times at most.
        expect: what must hold of the output, or the step has failed.
        pause: the run stands still before this step until a person has said that it may go on; words for them.
    """

    id: str
    words: str
    tool: str
    arguments: JsonObject
    when: Condition | None = None
    for_each: str = ""
    most: int = 1
    expect: Condition | None = None
    compensate: Compensation | None = None
    on_failure: OnFailure = OnFailure.COMPENSATE
    pause: str = ""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A workflow.

    Attributes:
        source: as it stands in the policy's data.
    """

    id: str
    title: str
    words: str
    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    source: JsonObject


@dataclass(frozen=True, slots=True)
class PlanRules:
    """Whether one answer may cover a whole plan.

    Attributes:
        up_to: the gravest call that it may cover; None where each call asks by itself.
        seconds: how long it may be used once it has reached the edge.
    """

    up_to: Level | None = None
    seconds: float = 0.0


ONE_BY_ONE: Final = PlanRules()
"""Each call asks by itself."""

Blueprints = Mapping[str, Blueprint]
"""By id."""
