"""`safety scan`: where are secrets, without showing them.

command      the command, its options and its exit status
lines        JSON Lines on standard input, one answer per line: what other programs and the evaluation use
detectors    the redactor of the shipped policy and of the secrets that the user names
walk         files and folders -> the files to look into, and how many were left out, and why
decoded      bytes -> text, or the reason why they are none
inspect      one file -> hits, each at its line and column
hit          Hit: one finding at its place; Report: everything one run found
fingerprint  the name of a place, with nothing of the value in it
allow        the allow-list: places that a person has looked at
rules        what a rule is called, how grave it is, and why it takes something for a secret
explain      one rule, in words
progress     a bar on a terminal, nothing elsewhere
run          all of it, in order: walk, inspect, allow
report_text  for people
report_json  for programs: one object, or one line per finding
report_sarif for code hosts: SARIF 2.1.0
tell         one of these, where it is wanted: for this check and for `safety baseline`
"""
