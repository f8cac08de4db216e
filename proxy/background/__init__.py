"""What goes on beside the calls. Nothing here can permit anything: what fails is tried again, later and later.

plan        which tasks there are, and how often each comes round
pace        repeats a task, with backoff where it fails
hints       the hub's word that there is something to fetch
policy      looks for a new bundle; the old one stays until the new one is proved
approvals   questions to the hub, answers from it, and the end of what nobody answered
usage       token counts to the hub
audit       that the whole audit log is what was signed
orders      does what the hub asks for, as far as it may
sight       what a heartbeat says beside policy and audit log
heartbeat   that the edge is alive, under which policy, with which audit log
"""
