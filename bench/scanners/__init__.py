"""Scanners in the project's environment: ours, and plain work on the same bytes."""
