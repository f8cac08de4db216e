"""A fleet on this machine that is worked and hurt at the same time, and a reader that believes nobody.

    python -m soak --minutes 30 --seed 7

fleet       one edge and one hub, real processes, started again whenever they end
staging     what is made before: tenant, keys, policy, secrets, connection
outside     the world beside the fleet, a process of its own: `provider` (a model) and `shop` (a connected service)
line        a TCP line of ours between two of them, that loses, holds, resets and cuts what it carries
shim        a preloaded library: the clock that a process sees, and how long its disk takes
agent       the load: acts with keys, permissions, results, prompts; beside it `approver` and `operator`
chaos       draws faults from a seed and makes them; `faults` says which there are
corrupting  state files that are cut and flipped, and what a service does with them
journal     what each of them notes by itself, one JSON object a line
reader      holds all notes against each other and against the files; it imports nothing of what it judges
summary     what happened how often, as a table
"""
