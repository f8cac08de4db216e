"""One tool call, from its question to its answer.

call       through its flow, under what is in force
tickets    calls that the edge is to run, for who shows one
grants     answers of people, by whichever way
desk       tells the plugin, takes its chat's buttons
foresight  what responses propose, judged in advance
"""
