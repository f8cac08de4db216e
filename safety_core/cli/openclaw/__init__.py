"""`safety openclaw`: puts the gateway into an OpenClaw, takes it out again, and proves what is in force.

command       the three commands
config        openclaw.json: where it is, reading it, writing it without a moment of half a file
tree          JSON objects edited in place, part by part
wish          what is wanted of an OpenClaw: the edge's address, tokens, manifests
plan          a configuration and a wish -> the configuration that fulfils it
providers     every model provider leads to the edge, and holds no key of its own
keys          providers' keys: where they stand, and out of there into the vault
models        which model an agent names, and as whom it is asked for
guard         the plugin, the agents' tools and sandboxes, the stores that would keep raw data
changes       two configurations -> what differs, and how to take exactly that back
shown         a diff that shows no secret
snippet       what the edge must be told, as TOML
plugin        the plugin's files: where they lie, their hash, a copy of them
place         what install keeps in the edge's folder: tokens, record, backups
host          the `openclaw` program: its version, its opinion of a configuration, its loaded plugins
manifests     what the edge says: what is in force, its agents, where it listens
scene         what install finds before it plans anything
install       the steps of installing
uninstall     the steps of taking it back
findings      what was found, and what a check of it says
layers        what was found -> each layer in force or not, with proof and fix:
outer_layers  its release, sandboxes and tools
gating        the edge and the plugin
redaction     the way to the models, the keys, the stores
report        what was found, gathered; the layers, printed
"""
