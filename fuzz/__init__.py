"""Fuzzing of what reads bytes that somebody else wrote: `make fuzz`, docs/fuzzing.md.

targets/     what is read, one module for each kind of bytes
corpus/, words/   inputs to begin with and to stay, and dictionaries, by target
trial        one input, tried under limits: what a finding is
worker       one target under atheris, guided by coverage
running      targets in processes of their own, a few at a time;  table: what came of it
keeping      what of a corpus stays in the repository;  corpora: reading that
mutate       mutations without coverage, for the test suite
cuts         what every parser of a stream owes
planted      secrets that an input asks for by a mark
memory_file  a file for readers that take a path
native       the C extension, built with AddressSanitizer and UndefinedBehaviorSanitizer, against its Python twin
shell        the reader of command lines, against a real bash among stubs
"""
