"""Fuzzing of what reads bytes that somebody else wrote.

native   the C extension, built with AddressSanitizer and UndefinedBehaviorSanitizer, against its Python twin
"""
