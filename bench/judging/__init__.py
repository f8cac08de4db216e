"""Judging tool calls: how fast, and how often wrongly, beside others' guards.

calls       450 labelled calls, written for this purpose, each with a word of why
ours        our judge as it takes part in a comparison
guards      the guards that take part, each in an environment and a process of its own
mistakes    how often each is wrong
comparison  decisions per second and mistakes, on the same calls, turn by turn
many_rules  policies of any number of rules
latency     microseconds of one command under 10, 1,000 and 10,000 rules
loading     a policy of 1,000 rules comes into force while the edge answers

By itself: `python -m bench.judging.comparison` prints every call that a guard is wrong about.
"""
