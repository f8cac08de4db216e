"""`safety policy`: everything that a security author does to a policy.

command     the group, its commands loaded when they are asked for
seam        what the commands share: where sources come from, compiling and proving them
told        what an engine says about a policy -> the place, the reason, the fix
check       is every source right, and every golden vector the same?
new         a rule, program or tool to begin with, its tests beside it
test        the tests beside the rules
golden      answers of `safety classify` -> golden vectors
explain     one call: what it does, which rules were asked, what the gate says, what would be milder
tree        an explanation as a tree, for people
diff        what one policy says otherwise than another
replay      recorded calls, judged by two policies
recordings  recorded calls from files, shown without what is secret in them
coverage    which rules, clauses and entries of the catalogue nothing ever reached
shadow      what a candidate would have said at the edge
propose     what people approved again and again -> patches for review
prices      what models cost -> prices.yaml;  price_source reads the package that knows
screen      colours, and tables that line up
build       sources -> bundle
sign        the OPA signature
keys        the publisher's keys
root        the next root document, other keys in it where some are replaced
publish     a signed bundle into a repository, and to the hub
shipping    one tenant's publication: what is in force, and what waits in a release
release     bundles for many tenants, built, signed and staged to go out in waves
renew       a new timestamp for every tenant
rollback    what an older revision said, as a new version
"""
