"""What each command of `safety hub` does first: read the settings, open the hub's parts, work on them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from hub.app import opened
from hub.context import Context
from hub.settings import Settings, load_settings

R = TypeVar("R")


def settings_of(context: click.Context, **given: object) -> Settings:
    """Return the settings from file, environment and the options of `safety hub`; `given` wins."""
    values = {**context.obj, **given}
    file = values.pop("file")
    return load_settings(file, os.environ, **values)


def run(settings: Settings, work: Callable[[Context], Awaitable[R]]) -> R:
    """Open the hub, do the work, close it; return what the work returned."""

    async def whole() -> R:
        async with opened(settings) as context:
            return await work(context)

    return asyncio.run(whole())
