"""What is remembered of sessions, in memory and within bounds.

written         files that a session wrote
lineage         who started whom
correspondents  whom an agent may answer
"""
