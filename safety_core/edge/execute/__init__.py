"""Runs a plan. Values stay in the child or the request: never in the plan, in an error, or on our side's log.

run       execute: a plan -> the adapter for it
shell     a command line, references as environment variables
argv      a program with its arguments, no shell in between
file      one file inside the workspace
http      one request to a host outside, or to a service that the operator has connected
sending   how far a request is, and what it comes to
shown     the headers of a request that only the edge can write
process   a confined child, with a time and an output limit
told      what it ran into, in words
quote     how a reference is spelt in a command line
limits    what bounds one execution, whatever the plan says
"""

from safety_core.edge.execute.limits import Limits
from safety_core.edge.execute.run import execute

__all__ = ["Limits", "execute"]
