"""`safety approvals`: what an owner answers, from a terminal."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from itertools import chain, combinations, islice
from pathlib import Path
from typing import Final

import click
from nacl.signing import SigningKey, VerifyKey

from safety_core.approve import Answer, answer, code, key_id
from safety_core.canonical import Digest, Json, JsonObject, digest
from safety_core.cli.home import home_option
from safety_core.cli.hub import hub_option, read_token, token_option
from safety_core.cli.outward import outward
from safety_core.edge import clock
from safety_core.edge.approver import ApproverClient, Question
from safety_core.edge.home import Home
from safety_core.edge.key_file import create_key_file, edge_key, read_key_file
from safety_core.errors import InputError, MismatchedGrantError
from safety_core.model.approval import ApprovalRequest, ApprovalState, RequestId
from safety_core.model.level import Level
from safety_core.model.policy import KeyKind
from safety_core.wire.approvals import request_to_json

FILE: Final = click.Path(path_type=Path, dir_okay=False)
ANY: Final = "any"
TRIES: Final = 1024
"""Choices of arguments that a digest may leave out: all of them, for a call of up to ten."""
CALL_WIDTH: Final = 80
"""Characters of a call's arguments in a list; `show` has them all."""
TOKEN: Final = "SAFETY_APPROVER_TOKEN"  # noqa: S105 - a name

key_option = click.option("--key", type=FILE, help="Sign with your own key (`safety approvals keygen`), not the hub's.")
yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask again; to approve without a terminal, this is needed."
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")


def hub_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which hub, and as whom."""
    return hub_option(token_option(TOKEN, "safety hub approver add")(command))


@click.group()
def approvals() -> None:
    """See and answer what agents ask for.

    --hub or SAFETY_HUB says where; --token-file, SAFETY_APPROVER_TOKEN_FILE or SAFETY_APPROVER_TOKEN says who you are.

    The hub's admin made your token: `safety hub approver add`.
    """


approvals.add_command(outward)


@approvals.command("list")
@hub_options
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in ApprovalState), ANY]),
    default=ApprovalState.PENDING.value,
    show_default=True,
    help="Only questions in this state.",
)
@click.option("--agent", help="Only questions of this agent.")
@click.option("--ids", is_flag=True, help="Print only their ids, one a line: `... --ids | head -n 1` is the newest.")
@json_option
def list_(hub: str, token_file: Path | None, state: str, agent: str | None, ids: bool, as_json: bool) -> None:
    """List questions, the newest first."""
    if ids and as_json:
        raise InputError("--ids", "does not go with --json", "give one of the two")
    with _client(hub, token_file) as client:
        every = client.questions(None if state == ANY else ApprovalState(state))
    found = [question for question in every if agent in {None, question.request.agent}]
    for question in found:
        click.echo(question.request.id if ids else json.dumps(_json(question)) if as_json else _line(question))
    if not found and not as_json:
        click.echo("nothing to answer" if state == ApprovalState.PENDING else "none", err=True)


@approvals.command()
@click.argument("id")
@hub_options
@json_option
def show(id: str, hub: str, token_file: Path | None, as_json: bool) -> None:
    """Show one question in full, with its digest code."""
    with _client(hub, token_file) as client:
        question = client.question(_request_id(id))
    click.echo(json.dumps(_json(question)) if as_json else _page(question))


@approvals.command()
@click.argument("id")
@hub_options
@key_option
@yes_option
def approve(id: str, hub: str, token_file: Path | None, key: Path | None, yes: bool) -> None:
    """Allow one call, once. What asks for a strong approver needs your own --key."""
    _decide(id, hub, token_file, key, allow=True, yes=yes)


@approvals.command()
@click.argument("id")
@hub_options
@key_option
@yes_option
def deny(id: str, hub: str, token_file: Path | None, key: Path | None, yes: bool) -> None:
    """Refuse one call. The same call is then refused for a while without asking again."""
    _decide(id, hub, token_file, key, allow=False, yes=yes)


@approvals.command()
@click.argument("id")
@hub_options
def cancel(id: str, hub: str, token_file: Path | None) -> None:
    """End a question without an answer: the agent may ask again."""
    with _client(hub, token_file) as client:
        click.echo(f"{_request_id(id)} {client.cancel(_request_id(id))}")


@approvals.command()
@click.argument("file", type=FILE)
@click.option("--name", help="Your name, as the hub knows you: needed where several people have to approve.")
def keygen(file: Path, name: str | None) -> None:
    """Draw your own approval key into FILE. Prints what makes it count.

    Keep FILE where no agent runs: whoever has it can approve anything that is asked of you.
    """
    public = SigningKey(create_key_file(file)).verify_key
    click.echo("# for policies/approvers.yaml: signed policy, not the hub, says that this key counts")
    click.echo(_pinned(KeyKind.PERSON, public, Level.CRITICAL_RED))
    if name is not None:
        click.echo(f"    names: [{json.dumps(name)}]")
    click.echo(f"# for the hub: safety hub approver add TENANT NAME --public {bytes(public).hex()}")


@approvals.command()
@home_option
def channel(home: Home) -> None:
    """Print what lets the buttons of a chat channel answer.

    This machine's edge signs what they say, so whoever has taken over the agent's own program could press them too.
    Nothing that asks for a strong approver is ever answered so.
    """
    click.echo("# for policies/approvers.yaml; up_to: yellow_external, or red if you accept more")
    click.echo(_pinned(KeyKind.CHANNEL, edge_key(home).verify_key, Level.YELLOW_EXTERNAL))


def _pinned(kind: KeyKind, public: VerifyKey, up_to: Level) -> str:
    entry = {"id": key_id(kind, public), "kind": kind, "public": bytes(public).hex(), "up_to": up_to.word}
    return "approvers:\n  - " + "\n    ".join(f"{name}: {value}" for name, value in entry.items())


def _decide(id_: str, hub: str, token_file: Path | None, key: Path | None, *, allow: bool, yes: bool) -> None:
    signer = SigningKey(read_key_file(key)) if key is not None else None
    with _client(hub, token_file) as client:
        question = client.question(_request_id(id_))
        click.echo(_page(question), err=True)
        if allow and left_out(question.request) is None:
            raise MismatchedGrantError(
                f"approval {id_}",
                "its digest is not that of the call that is shown",
                "refuse it, and look into the hub",
            )
        if not yes:
            _confirm(allow)
        if signer is None:
            answered = client.answer(question.request.id, allow=allow)
        else:
            said = Answer(allow, question.approver, "cli", clock.new_id())
            answered = client.deliver(answer(question.request, signer, KeyKind.PERSON, said, clock.now()))
    more = f": {answered.missing} more have to say yes" if answered.missing else ""
    click.echo(f"{question.request.id} {answered.state}{more}")


def _confirm(allow: bool) -> None:
    """Ask once more. Where nobody can be asked, only a refusal goes on."""
    if sys.stdin.isatty():
        click.confirm("Allow this, once?" if allow else "Refuse this?", abort=True, err=True)
    elif allow:
        raise InputError(
            "approval", "was not given: nobody can be asked without a terminal", "look at it, then add --yes"
        )


def _client(hub: str, token_file: Path | None) -> ApproverClient:
    return ApproverClient(hub, read_token(token_file, TOKEN))


def _request_id(text: str) -> RequestId:
    if not text.isalnum() or not text.isascii():
        raise InputError("approval id", "must be the id that `safety approvals list` shows")
    return RequestId(text)


def left_out(request: ApprovalRequest) -> tuple[str, ...] | None:
    """Return which of the arguments shown the digest leaves out, as policy may have it (volatile ones).

    None: it is no digest of what is shown. Whoever shows it may want another call allowed.
    """
    names = sorted(request.params)
    subsets = chain.from_iterable(combinations(names, count) for count in range(len(names) + 1))
    return next((out for out in islice(subsets, TRIES) if _digest_without(request, out) == request.action_digest), None)


def _digest_without(request: ApprovalRequest, names: tuple[str, ...]) -> Digest:
    params: JsonObject = {name: value for name, value in request.params.items() if name not in names}
    bound: JsonObject = {"tenant": request.tenant, "agent": request.agent, "tool": request.tool, "params": params}
    return digest({**bound, "files": {**request.files}} if request.files else bound)


def _cover(request: ApprovalRequest) -> str:
    out = left_out(request)
    if out is None:
        return "DOES NOT COVER what is shown: refuse it"
    return f"covers all but {', '.join(map(_safe, out))}" if out else "covers exactly what is shown"


def _json(question: Question) -> JsonObject:
    grant: Json = question.decided_by or None
    request = request_to_json(question.request)
    told = {"decided_by": grant, "missing": question.missing, "code": code(question.request.action_digest)}
    return {**request, "state": question.state.value, **told}


def _line(question: Question) -> str:
    request = question.request
    strong = " (own key)" if request.strong else ""
    missing = f" ({_missing(question)})" if request.quorum > 1 and question.missing else ""
    call = textwrap.shorten(json.dumps(request.params), CALL_WIDTH, placeholder=" ...")
    what = f"{request.level.word}{strong}{missing}  {_safe(request.agent)}  {_safe(request.tool)} {call}"
    return f"{request.id}  {question.state}  {what}  {_safe(request.reason)}"


def _page(question: Question) -> str:
    request = question.request
    shown = json.dumps(request.params, indent=2, ensure_ascii=True)
    by = f" by {_safe(question.decided_by)}" if question.decided_by else ""
    left = max(0, int((request.expires - clock.now()) / 60))
    return "\n".join(
        (
            f"approval  {request.id}  {question.state}{by}",
            f"agent     {_safe(request.agent)} of {request.tenant}"
            + (f", session {_safe(request.session)}" if request.session else ""),
            f"level     {request.level.word}" + (", needs the approver's own key" if request.strong else ""),
            f"why       {_safe(request.reason)}",
            *_whom(request),
            f"tool      {_safe(request.tool)}",
            f"with      {shown}",
            *(f"runs      {_safe(path)} (sha256 {text[:16]}...)" for path, text in sorted(request.files.items())),
            f"code      {code(request.action_digest)}  (compare it with the edge's; {_cover(request)})",
            *([f"people    {request.quorum} have to say yes, {_missing(question)}"] if request.quorum > 1 else []),
            f"expires   in {left // 60} h {left % 60} min",
        )
    )


def _whom(request: ApprovalRequest) -> Iterator[str]:
    """Yield what a person looks at first: whom the call reaches, and what it costs."""
    if request.recipients:
        yield f"reaches   {', '.join(map(_safe, request.recipients))}"
    if request.amounts:
        yield f"amounts   {', '.join(map(_safe, request.amounts))}"


def _missing(question: Question) -> str:
    return f"{question.missing} missing"


def _safe(text: str) -> str:
    """Return `text` without what would move a terminal's cursor or turn its direction: an agent chose these words."""
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)
