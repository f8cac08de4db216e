"""Calendars and contacts: CalDAV (RFC 4791) and CardDAV (RFC 6352).

serve       one operation, by its name
dav         requests to the server: where they go, how much is read, what a status means
xml         what a server answers, read without entities
places      which calendars and address books there are
resources   one event or contact as it lies there, with the tag by which a change of somebody else is noticed
events      arguments -> an event; an event -> what a model reads
spans       which events a span of time holds, repetitions counted out
contacts    arguments -> a contact; a contact -> what a model reads
vcard       the lines of a contact (RFC 6350)
diary       operations on calendars
people      operations on address books
"""

from safety_core.edge.adapters.calendar.serve import serve

__all__ = ["serve"]
