"""Baseline checks: what should not be in a repository any more. Rules and texts in, findings out; no I/O.

rule         Rule: one thing to look for; Exemption: where it is let be, why and until when
rule_file    a rule file -> rules, or the line that is wrong
found        Found: one place in one text, and what was found there. Never the value
mentions     words, paths and expressions that a text must not hold
jobs         is a file one of jobs and deployments, and how is it read
setting      Setting: a name, its value and where both stand
tree         YAML, JSON and JSON5 -> settings;  json5: a text of the latter two -> the same nodes
assignments  INI, TOML, HCL, env files, units, crontabs, Jenkinsfiles -> settings
literal      is a value written down, or only named
credentials  settings -> credentials that are written down
checker      Checker: all rules, on one file after the other
"""
