"""`safety policy`: everything that a security author does to a policy.

command     the group, its commands loaded when they are asked for
seam        what the commands share: where sources come from, compiling and proving them
check       is every source right, and every golden vector the same?
test        the tests beside the rules
golden      answers of `safety classify` -> golden vectors
build       sources -> bundle
sign        the OPA signature
keys        the publisher's keys
publish     a signed bundle into a repository, and to the hub
"""
