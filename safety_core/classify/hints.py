"""What a tool's own server says of it: a claim by whoever wrote the tool, which makes a call graver, never milder."""

from __future__ import annotations

from safety_core.classify.notes import Notes
from safety_core.model.facts import Kind, TargetKind, Zone
from safety_core.model.tool_call import Hint


def tighten(notes: Notes, tool: str, hints: frozenset[Hint]) -> None:
    """Note what the hints add to what has been found in the call of `tool`.

    A tool that says it works with the outside is outward, unless all that was found is that it looks at something (so
    do searches, which ask the outside but leave nothing there) or every host it names is this machine.
    """
    kinds = {action.kind for action in notes.actions}
    targets = dict.fromkeys(target for action in notes.actions for target in action.targets)
    form = tool[:80] or "tool"
    if Hint.DESTRUCTIVE in hints:
        notes.note(Kind.DESTROY, form, "deletes or overwrites something, as the tool itself says", targets, {"forced"})
    if Hint.WRITES in hints and kinds <= {Kind.READ, Kind.UNKNOWN}:
        notes.note(Kind.WRITE, form, "changes something, as the tool itself says", targets)
    looks = kinds == {Kind.READ} and not hints & {Hint.WRITES, Hint.DESTRUCTIVE}
    hosts = [target.zone for target in targets if target.kind is TargetKind.HOST]
    local = bool(hosts) and all(zone is Zone.LOCAL for zone in hosts)
    if Hint.OPEN_WORLD in hints and not looks and not local:
        notes.note(Kind.OUTWARD, form, "reaches somebody outside, as the tool itself says", targets)
