"""Tool call -> facts -> level. Python says what a call does; the policy's rules say how grave that is.

facts       a call -> Facts (never raises; what is not understood is said in `Facts.unknown`)
judge       Facts and the engine's decision -> Verdict
tools       a tool by its entry, by the call that is inside of it, or by its words
listed      a tool that the catalogue lists
unlisted    a tool that nobody listed, by the words in its name and arguments
given       the arguments of an unlisted tool, by what their names promise
names       what the words in a name say
hints       what a tool's own server says of it, believed only where that makes a call graver
arguments   what stands in the arguments of a tool
shell/      command lines: syntax tree, words, wrappers, redirections
code        programs in other languages, by the patterns of the catalogue
computing   programs of Python that only compute
clients     what is typed into a database's client: SQL and the client's own commands
sql         SQL statements, by an allow-list of statements and functions
sql_text    SQL text parted into statements, quotes and comments blanked
sql_words   what SQL statements do, by the words they begin with
sql_functions   what functions in SQL do, by their names
sql_parameters  whether a statement could show a piece of a parameter
windows     lines of PowerShell and cmd.exe as simple commands of our shell
paths       where a path lies
network     where a host or recipient lies
catalogue   the policy's data about programs and tools, compiled once;  check: refuses one that says what nobody reads
notes       what has been found so far in one call
files       texts of files that the session wrote, so that a script is judged by what it says
readings    readings of calls that were read before
trace       how a call was read: its tree of commands, for people who ask why
unused      which entries of a catalogue a set of calls used
session     a call of a session: what was written before can make it graver, never milder
edits       what a tool for files leaves in them
"""
