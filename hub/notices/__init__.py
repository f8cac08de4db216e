"""Telling people, by channels that they choose; one transaction writes down what happened and that it is to be told.

happenings     asked, settled, alert, happened: called by whoever changes something, inside their transaction
handout        from what happened to messages in the outbox; audience: whom; quiet: when
delivery       claim, send, settle; composing: what a message says now; wording: its words
push mail chat     channels; apprise_child: the process in which apprise runs; refusals: why a message stays
outward        requests to addresses that people chose; sealing: how those are kept
webhooks       events to other programs, signed
links          one-use links; link_page: where they lead
channels preferences delegation     what people choose
regular        daily summaries, the end of old rows
"""

from hub.notices.happenings import Event, alert, asked, happened, settled

__all__ = ["Event", "alert", "asked", "happened", "settled"]
