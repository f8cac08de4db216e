"""The options of a hook's command: by what it judges, and how they are written into a host's settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from safety_core.cli.hook.answer import Answer
from safety_core.cli.hook.event import Event
from safety_core.cli.hook.listening import listen
from safety_core.cli.hook.places import OWN, program
from safety_core.cli.hook.spoken import Host


@dataclass(frozen=True, slots=True)
class Options:
    """As the command line has them. `path`: of the edge's socket; the others are named as their options are."""

    path: Path
    wait: float
    agent: str | None = None
    alone: bool = False
    permit: bool = False
    bundle: Path | None = None
    policies: Path | None = None
    tier: int | None = None
    workspace: str | None = None

    @property
    def seconds(self) -> float:
        """Until the hook's own end."""
        return (0 if self.alone else self.wait) + OWN

    def words(self) -> tuple[str, ...]:
        """Return the options that say the same, with whole paths: a host runs its hooks in another folder."""
        words = [f"--{name}" for name in ("alone", "permit") if getattr(self, name)]
        skipped = {"alone", "permit", "path", *(("wait",) if self.alone else ())}
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in skipped}
        named = {**given, **({} if self.alone else {"socket": self.path})}
        for name, value in named.items():
            if value is not None:
                words += [f"--{name}", str(value.absolute() if isinstance(value, Path) else value)]
        return tuple(words)


def answered(host: Host, options: Options) -> int:
    """Answer the event on standard input, and return the exit status."""
    return listen(host, lambda event: _judged(host, event, options), seconds=options.seconds, permit=options.permit)


def _judged(host: Host, event: Event, options: Options) -> Answer:
    agent = options.agent or host.value
    if not options.alone:
        from safety_core.cli.hook.asked import Asked, judged_by_edge

        return judged_by_edge(event, Asked(agent, options.path, options.wait, program()))
    from safety_core.cli.hook.alone import Alone, judged_alone

    workspace = options.workspace or os.environ.get("CLAUDE_PROJECT_DIR", "")
    return judged_alone(event, Alone(agent, options.bundle, options.policies, options.tier, workspace))
