"""The hub's own OpenAPI document: for clients that are not ours, and for tests that try everything it allows.

shapes    schemas of what goes in and out
table     every request of the API: who sends it, what it takes, what is answered
document  the OpenAPI 3.1 document made from it, and where it is served
"""
