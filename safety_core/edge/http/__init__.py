"""What stands before uvicorn's parser: a request that two readers could take for two different ones is refused.

head        the rules for what comes before a body
framing     where a body ends
guarded     the protocol: refuses, closes, and hands everything else to uvicorn
"""
