"""`safety hub`: run the hub, and look after it on its own machine.

main      the group, and what needs no group of its own
people    `safety hub person`, `safety hub passkey`
backup    `safety hub backup`, `safety hub restore`
running   what each command does first
"""

from hub.command.main import hub

__all__ = ["hub"]
