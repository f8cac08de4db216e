"""`safety`: the command line, a module a command; services add theirs by the entry point group `safety.commands`."""
