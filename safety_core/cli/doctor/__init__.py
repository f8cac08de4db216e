"""`safety doctor`: tries to get out, as the agent's user, in every way we know, and says which were open.

command     the command: runs the trials, tells them, hands them to the edge
edge        the edge on this machine: its processes, whose they are, where it listens
aim         what is tried against: addresses, the edge's process, files and ports
trial       what came of one try: it answered, was refused at once, or nothing came
judge       two tries (the agent's, and that of somebody who may leave) -> blocked, open or unknown
child       a process that becomes the agent's user and makes all tries at the same time
outward     tries that send packets
ports       where on this machine somebody listens
questions   the bytes that they send: DNS, QUIC, ICMP
resolving   tries at this machine's own resolver that send no packet: its sockets, D-Bus
inward      tries at this machine: the edge's process, files and sockets, other services
keys        providers' keys where the agent can read them
powers      what makes a user root: groups, capabilities, sudo
words       what each check means when it is open, and what to do
screen      the table
"""
