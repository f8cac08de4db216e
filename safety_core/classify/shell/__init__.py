"""Command lines.

syntax      text -> syntax tree, with the reasons to doubt it
words       a node of the tree -> the words the shell would make of it, with holes for what only the shell knows
walk        the tree -> simple commands, with variables, directories and streams followed where static
options     words -> options, operands and subcommand, by the program's catalogue entry
programs    one simple command -> actions: which program it is
judgement   what a listed program does, starts and prints; wrappers unwound
values      what the values of options and operands name
scope       variables, directory and streams at one point of a script
stores      what a command leaves in files
"""
