"""`safety hook`: what Claude Code and Codex ask before a tool call, and where they are told to ask.

command     the commands
asking      their options: by what is judged, and how a host's settings say so
listening   one event from its bytes to the host's answer; whatever fails on the way blocks
event       what a host says has happened, parsed or refused
answer      what is to become of it
alone       judged in this process, by a policy at hand
asked       put to the running edge
spoken      an answer, as each host understands it
deadline    the end of it, before the host gives up and goes on
redeeming   a command with secrets, carried out by the edge
places      where a host keeps its hooks, and what our entries say
settings    those files, with our entries or without
installing  the steps of installing, removing and proving
codex       what Codex's own settings must say for them to hold
proof       the installed command, tried with a call that nobody may make
behind      the edge that it asks: does it answer?
"""
