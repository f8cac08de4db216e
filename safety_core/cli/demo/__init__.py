"""`safety demo`: hub, edge and a scripted model on loopback, and an agent that plays its part.

command     the command and its exit status
stage       starts and stops the processes; keys, policy and secrets made up at run time
model       a provider that answers from a script and keeps what it was sent
answers     what it can say, as OpenAI and Anthropic put it on the wire
agent       a small agent: official SDKs towards the model, the control socket towards its tools
play        plays it: each call, and what the owner does about it
story       what is played, and what must come of each step
screen      what the reader sees
"""
