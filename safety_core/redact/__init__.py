"""Spans -> bytes that may leave.

scattered    a secret that was cut into pieces beside each other
placeholder  the name of what was found, the same for the same value
redactor     Redactor: a text, a JSON value or a body without its secrets
json_text    a JSON text that stays JSON
body         bytes with a content type
stream       StreamRedactor: a text that comes in pieces
watch        registered values that may be going on in it
ordinary     words in it, which may leave before their run ends
leads        what patterns begin with, and the names before their values
armour       private keys that are going on in it
"""
