"""Fuzzing of what reads bytes that somebody else wrote.

native   the C extension, built with AddressSanitizer and UndefinedBehaviorSanitizer, against its Python twin
shell    the reader of command lines, against a real bash among stubs
"""
