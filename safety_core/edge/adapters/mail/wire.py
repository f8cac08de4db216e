"""IMAP on the line (RFC 3501): commands out, responses in, each bounded. What they mean is left to `mailbox`."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from safety_core.edge.adapters.request import Request

LINE_BYTES: Final = 4 * 1024 * 1024
"""One line of a response; a search that finds 500,000 messages is one."""

RESPONSE_BYTES: Final = 24 * 1024 * 1024
"""All that a server may say to one command."""

DEEPEST: Final = 40

_LITERAL: Final = re.compile(rb"\{(\d{1,12})\}\r?\n\Z")
_CODE: Final = re.compile(rb"\[([^\]]*)\]")
_TOKEN: Final = re.compile(
    rb'\s*(?:(?P<mark>[()])|"(?P<quoted>(?:[^"\\]|\\.)*)"|\{(?P<length>\d+)\}\r?\n|(?P<atom>[^\s()"]+))'
)

Value: TypeAlias = "bytes | list[Value] | None"
"""An atom, a text, NIL, or a list."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that are sent as they are, their number before them."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said to one command.

    Attributes:
        said: whole responses without "* ", literals in them.
        codes: what stood in brackets, of all of them ("UIDVALIDITY 7").
    """

    ok: bool
    said: Sequence[bytes]
    codes: Sequence[bytes]

    def values(self, kind: bytes) -> list[list[Value]]:
        """Return the responses of one kind ("FETCH") as values: "* 3 FETCH (...)" is [b"3", b"FETCH", [...]]."""
        return [parsed(raw) for raw in self.said if kind in raw[:40].upper().split()[:2]]

    def code(self, name: bytes) -> list[bytes]:
        """Return the words behind the code `name`, [] where nobody said it."""
        return next((words[1:] for code in self.codes if (words := code.split()) and words[0].upper() == name), [])


class Wire:
    """One line to a server. Raises ExecutionError where it is cut, or too much comes."""

    def __init__(self, request: Request, host: str, line: socket.socket) -> None:
        self._request = request
        self.host = host
        self.attach(line)
        self._count = 0

    def attach(self, line: socket.socket) -> None:
        """Go on with another line: the same one inside of TLS. What had come before is forgotten."""
        self.line = line
        self._file = line.makefile("rb")

    def end(self) -> None:
        """Close the line."""
        self._file.close()
        self.line.close()

    def greeting(self) -> bytes:
        """Return the server's first response."""
        try:
            return self._response(LINE_BYTES)
        except (OSError, ValueError) as error:
            raise self._cut(error, act=False) from None

    def command(self, *words: bytes | str | Literal, act: bool = False) -> Reply:
        """Send a command, words with spaces between; return what the server says to it.

        Args:
            act: it changes something, so that nobody knows whether it did where the line is cut.
        """
        self._count += 1
        tag = b"s%d" % self._count
        try:
            waiting = self._send(tag, words)
            return waiting or self._reply(tag)
        except (OSError, ValueError) as error:
            raise self._cut(error, act=act) from None

    def _send(self, tag: bytes, words: Sequence[bytes | str | Literal]) -> Reply | None:
        """Send the words; a literal once the server waits for it. Return its refusal where it does not."""
        out = bytearray(tag)
        for word in words:
            if not isinstance(word, Literal):
                out += b" " + (word.encode("ascii") if isinstance(word, str) else word)
                continue
            out += b" {%d}\r\n" % len(word.content)
            self.line.sendall(out)
            said: list[bytes] = []
            while not (response := self._response(LINE_BYTES)).startswith(b"+"):
                if response.startswith(tag + b" "):
                    return _reply(response, said)
                said.append(response)
            self.line.sendall(word.content)
            out.clear()
        self.line.sendall(bytes(out) + b"\r\n")
        return None

    def authenticate(self, mechanism: str, coded: bytes) -> bool:
        """Say who we are by one mechanism; tell whether the server lets us in."""
        self._count += 1
        tag = b"s%d" % self._count
        try:
            self.line.sendall(tag + b" AUTHENTICATE " + mechanism.encode() + b"\r\n")
            answers = [coded, b""]  # the second one, to a server that explains itself before it refuses
            while not (response := self._response(LINE_BYTES)).startswith(tag + b" "):
                if response.startswith(b"+"):
                    self.line.sendall((answers.pop(0) if answers else b"*") + b"\r\n")
        except (OSError, ValueError) as error:
            raise self._cut(error, act=False) from None
        return _reply(response, []).ok

    def _reply(self, tag: bytes) -> Reply:
        said: list[bytes] = []
        left = RESPONSE_BYTES
        while not (response := self._response(left)).startswith(tag + b" "):
            left -= len(response)
            said.append(response)
        return _reply(response, said)

    def _response(self, limit: int) -> bytes:
        """Return one response, literals in it."""
        whole = bytearray()
        while True:
            line = self._file.readline(min(limit, LINE_BYTES) + 1)
            if not line.endswith(b"\n"):
                raise ConnectionError if len(line) <= min(limit, LINE_BYTES) else ValueError
            whole += line
            literal = _LITERAL.search(line)
            if literal is None:
                return bytes(whole)
            size = int(literal[1])
            limit -= len(line) + size
            if limit < 0:
                raise ValueError
            content = self._file.read(size)
            if len(content) < size:
                raise ConnectionError
            whole += content

    def _cut(self, error: Exception, *, act: bool) -> Exception:
        if isinstance(error, ValueError):
            why = f"{self.host} answered with more than is read at once, or not in IMAP"
        else:
            why = f"{self.host} was cut off or did not answer in time"
        return self._request.uncertain(why) if act else self._request.refusal(why, "ask for less, or try again")


def parsed(raw: bytes) -> list[Value]:
    """Return a response as values.

    Raises:
        ValueError: its brackets do not match.
    """
    stack: list[list[Value]] = [[]]
    at = 0
    while match := _TOKEN.match(raw, at):
        at = match.end()
        if match["mark"] == b"(":
            if len(stack) > DEEPEST:
                raise ValueError
            stack.append([])
        elif match["mark"]:
            if len(stack) < 2:
                raise ValueError
            done = stack.pop()
            stack[-1].append(done)
        elif match["length"]:
            length = int(match["length"])
            stack[-1].append(raw[at : at + length])
            at += length
        elif match["quoted"] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match["quoted"]))
        else:
            stack[-1].append(None if match["atom"].upper() == b"NIL" else match["atom"])
    if len(stack) != 1:
        raise ValueError
    return stack[0]


def after(values: Value, name: bytes) -> Value:
    """Return what stands behind `name` in a list of names and values; None where it is not there."""
    listed = values if isinstance(values, list) else []
    for at, value in enumerate(listed[:-1]):
        if isinstance(value, bytes) and value.upper() == name:
            return listed[at + 1]
    return None


def _reply(response: bytes, said: list[bytes]) -> Reply:
    words = response.split(maxsplit=2)
    lines = [*said, response]
    codes = [match[1] for line in lines if (match := _CODE.search(line[:2000]))]
    bare = [line.removeprefix(b"* ") for line in said]
    return Reply(len(words) > 1 and words[1].upper() == b"OK", bare, codes)
