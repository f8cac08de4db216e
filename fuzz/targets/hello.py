"""The first bytes of a TLS client: no more bytes change a name that was read, and OpenSSL reads the same one."""

from __future__ import annotations

import ssl

from fuzz.trial import Target
from proxy.forward.hello import server_name
from safety_core.errors import SafetyError

LONGEST = 2048


def start() -> Target:
    """Return the reader."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    seen: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: seen.append(name)

    def read(raw: bytes) -> None:
        name = server_name(raw)
        if name is None:
            return
        assert server_name(raw + b"\x17\x03\x03\x00\x01x") == name, "what follows changed the name"
        for end in range(0, len(raw), 7):
            try:
                before = server_name(raw[:end])
            except SafetyError as error:
                raise AssertionError("a part was refused of what is taken whole") from error
            assert before in {None, name}, "a part of it names somebody else"
        if not name.isascii():
            return  # OpenSSL's caller cannot read it
        seen.clear()
        _offer(context, raw)
        assert not seen or seen[0] is None or seen[0].lower() == name, "OpenSSL reads another name"

    return read


def _offer(context: ssl.SSLContext, raw: bytes) -> None:
    """Have OpenSSL read it, as a server would."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(raw)
    try:
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    except ssl.SSLError:
        return
