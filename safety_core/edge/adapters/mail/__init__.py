"""Mail: SMTP to send, IMAP for what lies in a mailbox.

serve        one operation, by its name
account      a connection's target and options, as they are used
line         a connection over TCP and TLS that ends at a set time, whatever the other side does
compose      arguments -> a message
sending      sends it once, however often it is tried
submission   SMTP
wire         IMAP on the line
mailbox      IMAP: what is asked and done there
names        how IMAP spells folders' names and texts; ids of messages
structure    the parts of a message, as IMAP tells them
reading      results a model reads: lists, one message;  pages: the text of a page in HTML
acts         what changes a mailbox, with the call that takes it back
"""

from safety_core.edge.adapters.mail.serve import serve

__all__ = ["serve"]
