"""What changes a mailbox: move, mark, delete; each with the call that takes it back."""

from __future__ import annotations

import json
from typing import Final

from safety_core.edge.adapters.mail.account import Account
from safety_core.edge.adapters.mail.line import Lines
from safety_core.edge.adapters.mail.mailbox import Mailbox, mailbox
from safety_core.edge.adapters.mail.names import MessageId, message_id
from safety_core.edge.adapters.request import Request
from safety_core.errors import ExecutionError
from safety_core.model.tool_call import ToolResult, Undo

MARKS: Final = {
    "read": ("+", "\\Seen"),
    "unread": ("-", "\\Seen"),
    "flagged": ("+", "\\Flagged"),
    "unflagged": ("-", "\\Flagged"),
}
BACK: Final = {"read": "unread", "unread": "read", "flagged": "unflagged", "unflagged": "flagged"}


def move(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Move a message to another folder."""
    message, folder = message_id(request.text("id")), request.text("folder")
    with mailbox(request, account, lines) as box:
        if folder not in (name for name, _ in box.folders()):
            raise request.refusal(f"has no folder {folder!r}", "mail_folders shows them")
        return _moved(request, box, message, folder)


def flag(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Mark a message as read, unread, flagged or unflagged."""
    message, mark = message_id(request.text("id")), request.text("mark")
    if mark not in MARKS:
        raise ExecutionError("argument mark", f"must be one of {', '.join(MARKS)}")
    sign, name = MARKS[mark]
    with mailbox(request, account, lines) as box:
        box.open_for(message, write=True)
        before = box.flags(message.uid)
        if before is None:
            raise request.refusal(f"has no message {message} any more", "list the folder again")
        if (name in before) == (sign == "+"):
            return _told({"id": str(message), "is": mark, "before": True})
        box.mark(message.uid, sign, name)
    undo = Undo("mail_flag", {"connection": request.connection.name, "id": str(message), "mark": BACK[mark]})
    return _told({"id": str(message), "is": mark}, undo)


def delete(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Move a message to the trash, or remove it for good (`forever`)."""
    message, forever = message_id(request.text("id")), request.flag("forever")
    with mailbox(request, account, lines) as box:
        if not forever:
            trash = box.folder_for("trash")
            if message.folder == trash:
                raise request.refusal(f"has {message} in the trash already", "say forever, to remove it for good")
            return _moved(request, box, message, trash)
        box.open_for(message, write=True)
        if box.flags(message.uid) is None:
            return _gone(request, message)
        box.expunge(message.uid)
    return _told({"removed": str(message)})


def _moved(request: Request, box: Mailbox, message: MessageId, folder: str) -> ToolResult:
    box.open_for(message, write=True)
    if box.flags(message.uid) is None:
        return _gone(request, message)
    moved = box.move(message.uid, folder)
    if moved is None:
        return _told({"moved": str(message), "to": folder})
    undo = Undo("mail_move", {"connection": request.connection.name, "id": str(moved), "folder": message.folder})
    return _told({"moved": str(message), "to": folder, "id": str(moved)}, undo)


def _gone(request: Request, message: MessageId) -> ToolResult:
    """A message that is not there: to a second try that is what the first one did."""
    if request.again:
        return _told({"gone": str(message), "before": True})
    raise request.refusal(f"has no message {message} any more", "list the folder again")


def _told(body: dict[str, object], undo: Undo | None = None) -> ToolResult:
    return ToolResult(json.dumps(body, ensure_ascii=False), undo=undo)
