"""One tool call, from its question to its answer.

call       through its flow, under what is in force;  context: what that is at one moment
tickets    calls that the edge is to run, for who shows one
grants     answers of people, by whichever way
changes    what approvers say besides yes and no: other arguments, an end
outward    outward grants from cards, as they come and go
desk       tells the plugin, takes its chat's buttons
foresight  what responses propose, judged in advance
"""
