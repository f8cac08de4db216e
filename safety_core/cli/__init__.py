"""`safety`: the command line. One module per command; services add theirs by the entry point group `safety.commands`."""
