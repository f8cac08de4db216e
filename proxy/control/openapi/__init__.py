"""The control listener's own OpenAPI document: for clients that are not ours, and for tests that try what it allows.

shapes    schemas of what goes in and out
table     every request: what it takes, what is answered, and where it is served
document  the OpenAPI 3.1 document made from it, which `safety edge --openapi` prints

It is not served: whoever may speak to the listener has the program, and the edge has no memory to spare for it.
"""
