"""Containers, by the Engine API on a Unix socket (Docker, Podman): one operation at a time.

serve      which operation is which
look       what reads: ps, images, inspect, logs
change     what changes: start, stop, restart, remove, prune, pull
run        a container of its own: known again by its label, so that a second try starts none
inside     a command in a container that runs
engine     requests and answers, and what is certain when one fails
streams    what a container says, both of its streams in one
arguments  a call's arguments, read strictly
mask       what stands in environments and may be a secret
"""

from safety_core.edge.adapters.docker.serve import serve

__all__ = ["serve"]
