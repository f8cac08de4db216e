"""Command lines.

nodes       the syntax tree
cursor      a place in a text, with the bounds of reading it
lexer       text -> words, with the quotes, expansions and scripts in them
assignments text -> assignments and arrays
lists       text -> lists of commands: lines, pipes, here-documents
compounds   text -> conditions, loops, groups, tests
grammar     text -> commands, by bash's grammar
syntax      text -> syntax tree, with the reasons to doubt it
scope       variables, functions, directory and streams at one point of a script
expansion   what a parameter and an operator make together
spelling    whether a word is written as honest people write
words       a word of the tree -> the words the shell would make of it, with holes for what only the shell knows
walk        the tree -> simple commands, with variables, directories and streams followed where static
redirects   files and descriptors that a redirection opens
commands    one simple command: what it changes in the shell itself
printing    what echo, printf, base64 and their like print
options     words -> options, operands and subcommand, by the program's catalogue entry
long_options long options that are abbreviated, or that nearly every program knows
programs    one simple command -> actions: which program it is
requests    which HTTP requests a command makes
judgement   what a listed program does, starts and prints; wrappers unwound
judged      one command while it is judged, and how its effects are noted
values      what the values of options and operands name, by their types
value_paths values that name files and folders
value_hosts values that name hosts, people and what is sent to them
makefiles   a makefile -> the commands that make runs for some goals
value_code  values that are code, or name a file of it
stores      what a command leaves in files
"""
