"""What runs inside of a demo tenant: the real hub, the real edge, fakes for all that lies outside, a scripted agent.

__main__    the first process: starts the stage, takes in orphans, ends at the hour
stage       starts and holds everything; one process
setup       keys, policy, secrets and settings, by the commands that a user would type
pin         pins the visitor's passkey in a new policy
services    starts `safety hub serve` and `safety edge`, and waits until they answer
fakes       the LLM provider, the mail server and the shop, all on this tenant's own loopback
script      what the visitor can have the agent do, and what the model proposes for it
story       what has happened so far, as the page tells it
agent       plays the agent: asks the model, puts each call to the edge, waits for the person
doors       connections that the pool passes in: to the hub's console, and to the story
"""
