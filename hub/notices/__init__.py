"""Telling people, by channels that they choose; one transaction writes down what happened and that it is to be told.

happenings   asked, settled, alert, happened: called by whoever changes something, inside their transaction
"""

from hub.notices.happenings import Event, alert, asked, happened, settled

__all__ = ["Event", "alert", "asked", "happened", "settled"]
