"""`safety baseline`: what should not be in a repository any more, as a check for any CI.

command   the group: check, rules, explain
tree      what git ignores
run       all of it, in order: walk, read, check, compare with what is known
rulebook  the rules that hold, and what reports say of them
known     the file of findings that are known: written on adoption, compared with ever after
words     a rule, in words;  rules.yaml: those that are shipped
"""
