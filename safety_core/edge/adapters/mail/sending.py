"""Sends a message once, however often it is tried.

    1. the server is told who sends and who receives, and is handed the message but for the line that ends it
    2. a copy is put into the folder of what was sent, marked as a draft: "nobody knows"
    3. the line that ends it: the server has taken it
    4. the mark is taken off the copy: "sent"

The copy has the Message-ID of the intended act. A second try looks for it first: there without the mark, it has been
sent; not there, the first try never came to 3; there with the mark, the first try ended at 3, and nobody knows.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress

from safety_core.edge.adapters.mail.account import Account
from safety_core.edge.adapters.mail.compose import MESSAGE_ID, Answered, Composed, composed
from safety_core.edge.adapters.mail.line import Lines
from safety_core.edge.adapters.mail.mailbox import Mailbox, mailbox
from safety_core.edge.adapters.mail.names import message_id
from safety_core.edge.adapters.mail.reading import headers_of
from safety_core.edge.adapters.mail.submission import Submission, submission
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult, Undo

PENDING = "\\Seen \\Draft"
"""Flags of a copy of which nobody knows yet whether it was sent."""


def send(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Send a message, or only look whether it could be (`dry_run`).

    Raises:
        ExecutionError: it was not sent.
        UncertainError: nobody knows whether it was.
    """
    dry = request.flag("dry_run")
    with ExitStack() as stack:
        box = stack.enter_context(mailbox(request, account, lines)) if account.imap else None
        message = composed(request, account, _answered(request, box))
        if not message.envelope:
            raise ExecutionError("argument to", "names nobody", "give at least one address")
        if dry and not account.probe:
            return _told(message, "not sent: a dry run")
        if request.again and not dry and _sent_before(request, box, message.message_id):
            return _told(message, "sent before")
        session = stack.enter_context(submission(request, account, lines))
        session.envelope(message.sender, message.envelope, len(message.content))
        if dry:
            session.reset()
            return _told(message, "not sent: a dry run; the server would take it")
        return _told(message, f"sent ({_sent(session, box, message)})")


def draft(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Put a message into the folder of drafts, once for each key."""
    with mailbox(request, account, lines) as box:
        message = composed(request, account, _answered(request, box))
        folder = box.folder_for("drafts")
        if request.again:
            box.open(folder)
            known = box.with_message_id(message.message_id)
            uid = known[-1] if known else box.append(folder, PENDING, message.content)
        else:
            uid = box.append(folder, PENDING, message.content)
        box.open(folder)
        uid = uid or next(reversed(box.with_message_id(message.message_id)), 0)
        if not uid:
            return _told(message, "kept as a draft")
        identity = str(box.id_of(uid))
    undo = Undo("mail_delete", {"connection": request.connection.name, "id": identity})
    return ToolResult(_line({"draft": identity, "message_id": message.message_id}), undo=undo)


def _sent(session: Submission, box: Mailbox | None, message: Composed) -> str:
    """Carry out the four steps; return the server's number for what it took."""
    session.hand_over(message.content)
    if box is None:
        return session.finish()
    folder = box.folder_for("sent")
    uid = _marked(box, folder, message)
    try:
        number = session.finish()
    except ExecutionError as error:
        if type(error) is ExecutionError:  # refused, so not sent: no copy of it
            with suppress(ExecutionError):
                box.expunge(uid)
        raise
    with suppress(ExecutionError):  # sent all the same; the copy stays marked
        box.mark(uid, "-", "\\Draft")
    return number


def _marked(box: Mailbox, folder: str, message: Composed) -> int:
    """Put the marked copy into `folder`, open it, and return the copy's number. Nothing has been sent yet."""
    try:
        uid = box.append(folder, PENDING, message.content)
        box.open(folder, write=True)
        return uid or box.with_message_id(message.message_id)[-1]
    except (ExecutionError, IndexError):
        reason = "cannot keep a copy of the message, and so did not send it"
        raise ExecutionError(f"folder {folder}", reason, "name another one in the option sent") from None


def _sent_before(request: Request, box: Mailbox | None, identity: str) -> bool:
    """Tell whether an earlier try sent it. Raises UncertainError where nobody can tell."""
    if box is None:
        raise request.uncertain("may have sent this before, and has no mailbox that could tell")
    folder = box.folder_for("sent")
    box.open(folder)
    flags = [box.flags(uid) or frozenset() for uid in box.with_message_id(identity)]
    if flags and all("\\Draft" in marks for marks in flags):
        raise request.uncertain(f"was cut off while it sent this before; the copy in {folder!r} is marked as a draft")
    return bool(flags)


def _answered(request: Request, box: Mailbox | None) -> Answered | None:
    """Return the message that this one answers: by our id of it, or by its Message-ID."""
    wanted = request.text("in_reply_to", "")
    if not wanted or MESSAGE_ID.fullmatch(wanted):
        return Answered(wanted) if wanted else None
    if box is None:
        raise ExecutionError("argument in_reply_to", "is no Message-ID", "give it as <...@...>")
    message = message_id(wanted)
    box.open_for(message)
    for _, _, _, header in box.heads([message.uid]):
        headers = headers_of(header)
        found = MESSAGE_ID.findall(headers["message-id"])
        if found:
            references = " ".join(MESSAGE_ID.findall(headers["references"]))
            return Answered(found[0], references, headers["subject"][:200])
    raise request.refusal(f"has no message {wanted} that could be answered", "list it again")


def _told(message: Composed, what: str) -> ToolResult:
    told = {"result": what, "recipients": list(message.envelope), "message_id": message.message_id}
    return ToolResult(_line(told))


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
