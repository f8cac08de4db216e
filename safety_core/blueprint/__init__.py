"""Blueprints: workflows that the security team has signed, and a run of one, as values. Nothing here does anything.

parse      what a policy's data says of a blueprint -> Blueprint, or an error that names the field
blanks     what people fill in, checked
template   "{{steps.orders.output.rows.0.email}}": values for arguments, never code
checked    what may not be left to a template, by what the catalogue says of the tool
run        how a run stands, what may follow what, as a table
moves      what a run does next
profile    the calls of a run as they are known beforehand, for the gate to look at
stored     a run <-> JSON
"""
