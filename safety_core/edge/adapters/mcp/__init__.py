"""Tools of MCP servers, called by the names and definitions that were pinned.

serving    serve: one call of one tool; the operations `check` and `list`
session    an initialised session with a server, over whichever transport its target names
stdio      a server that is a program, started for one call: messages over its standard input and output
http       a server at a URL: every address checked, every answer bounded
results    what a tool gives back -> text
"""

from safety_core.edge.adapters.mcp.serving import serve

__all__ = ["serve"]
