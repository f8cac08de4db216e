"""Questions and answers: durable from the first moment, idempotent by id, settled once.

States move as `safety_core.approve.TRANSITIONS` says, in one transaction each.
The hub signs with its approval key as far as policy may let it; what asks for a strong approver takes their own key.
Either way the edge verifies against keys pinned in signed policy: what a compromised hub makes up opens nothing.

approver     who answers, and from where
questions    taking them from edges; what a card shows
answering    a yes, a no, a passkey's answer, the end of a question; grants: signing an answer, or checking one
keys         what an approver may sign with
editing      other arguments for a call;  standing: outward grants from a card;  outward: the same by HTTP
reports      what edges say became of questions and outward grants
feed         what an edge follows by a cursor
endpoints    the same by HTTP, for edges and for `safety approvals`
"""
