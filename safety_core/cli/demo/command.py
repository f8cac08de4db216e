"""`safety demo`: plays the story and says whether everything came out as it must."""

from __future__ import annotations

import logging
import signal
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from safety_core.cli.demo.answers import Queue
from safety_core.cli.demo.model import running
from safety_core.cli.demo.play import Play
from safety_core.cli.demo.screen import Screen
from safety_core.cli.demo.stage import Stage


@click.command(short_help="Watch the whole job here, in under a minute.")
def demo() -> int:
    """Watch the whole job on this machine, in under a minute, without a network.

    Starts a hub, an edge and a scripted model on loopback, with keys and secrets made up on the spot, and lets an agent
    propose ten tool calls over all five levels. Exit status 0 only if every step came out as it must.
    """
    for stop in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal, too, leaves no process and no file behind
        signal.signal(stop, signal.default_int_handler)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    started = time.monotonic()
    screen = Screen(Console(soft_wrap=False))
    script = Queue()
    with tempfile.TemporaryDirectory(prefix="safety-demo-") as folder, running(script) as model:
        stage = Stage(Path(folder), model.url)
        screen.chapter("Setting the stage")
        with stage.set(screen.note) as place:
            Play(stage, place, script, model.requests, screen).play()
    return 0 if screen.verdict(time.monotonic() - started) else 1
