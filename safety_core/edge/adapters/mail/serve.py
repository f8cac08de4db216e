"""One operation on a mail account, by its name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final

from safety_core.edge.adapters.mail import acts, reading, sending
from safety_core.edge.adapters.mail.account import Account, account_of
from safety_core.edge.adapters.mail.line import Lines, found, lines
from safety_core.edge.adapters.mail.mailbox import mailbox
from safety_core.edge.adapters.mail.submission import submission
from safety_core.edge.adapters.request import CHECK, Request
from safety_core.model.tool_call import ToolResult


async def serve(request: Request) -> ToolResult:
    """Carry out one operation. It waits for its servers itself: nothing else runs in this process.

    Raises:
        ExecutionError: it did not come about, or nobody knows (UncertainError).
    """
    account = account_of(request)
    operation = OPERATIONS.get(request.operation)
    if operation is None:
        raise request.refusal(f"has no operation {request.operation!r}")
    imap = await found(request, account.imap) if account.imap else None
    smtp = await found(request, account.smtp) if account.smtp else None
    account = dataclasses.replace(account, imap=imap, smtp=smtp)
    with lines(request, account.ca) as opened:
        return operation(request, account, opened)


def check(request: Request, account: Account, lines: Lines) -> ToolResult:
    """Log in at both servers, and do nothing."""
    told = []
    if account.imap:
        with mailbox(request, account, lines) as box:
            told.append(f"IMAP {account.imap.host}, as {account.login.user}, {len(box.folders())} folders")
    if account.smtp:
        with submission(request, account, lines):
            told.append(f"SMTP {account.smtp.host}, as {account.smtp_login.user or 'nobody'}")
    return ToolResult("; ".join(told))


OPERATIONS: Final[dict[str, Callable[[Request, Account, Lines], ToolResult]]] = {
    CHECK: check,
    "send": sending.send,
    "draft": sending.draft,
    "folders": reading.folders,
    "search": reading.search,
    "read": reading.read,
    "save": reading.save,
    "move": acts.move,
    "flag": acts.flag,
    "delete": acts.delete,
}
