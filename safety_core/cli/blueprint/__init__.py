"""`safety blueprint`: workflows that the security team has signed, run step by step through the edge.

command   the group: list, plan, run, resume, cancel, status
runner    makes the moves of a run: the call to the edge, and the disk before and after it
edge      what the edge is asked
shown     plans and runs, for people
"""
