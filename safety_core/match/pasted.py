"""Values that hold more than the secret: a whole line of a settings file, a header, what a shell would have filled in.

The name in front belongs to the value then, and the key alone, as a program sends it, is not found. Values may hold an
equals sign all the same: base64, connection strings, query strings, passwords.
"""

from __future__ import annotations

import re
from typing import Final

_PROMISE: Final = (
    r"(?:key|token|secret|passwor[dt]|passwd|passphrase|credentials?|(?:(?<![a-z])|(?<=[_.-]))(?:pass|pwd|pw))"
)
_SETTING: Final = r"[A-Z][A-Z0-9]+(?:_[A-Z0-9]{2,})*_[A-Z]{2,}[0-9]?"
_PROMISING: Final = rf"(?i:[a-z0-9_.-]*{_PROMISE}[0-9]?)"
_PAIR: Final = r"""(?:"[^"]+"|'[^']+')\s*:\s*(?:"[^"]+"|'[^']+')"""

_LINE: Final = re.compile(
    rf"(?:(?:export|set|setx|declare -x)\s+[A-Za-z_]\w*|\$env:\w+|{_SETTING})\s*=\s*[^\s=].*|"
    rf"{_PROMISING}\s*=\s*[^\s=](?!.*[;&\s][\w .-]{{1,64}}=).*"
)
_HEADER: Final = re.compile(rf"(?:{_SETTING}|{_PROMISING}|(?i:(?:proxy-)?authorization))\s*:\s+\S.*|{_PAIR},?")
_OBJECT: Final = re.compile(rf"\{{\s*{_PAIR}\s*\}}")
_SHELL: Final = re.compile(
    r"\$\([a-z][^()]*\)|`[a-z][^` ]* [^`]*`|.*\$\{(?:[A-Z_][A-Z0-9_]{2,}|[a-z_][a-z0-9_]{2,})\}.*"
)

_BEHIND: Final = "give only what stands after the {}"


def more_than_value(plain: str) -> tuple[str, str]:
    """Return why `plain` is more than a secret, or something else in its place ("is a whole line NAME=value"), and what
    to give instead; two empty texts where it is not."""
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith("#")]
    if said and all(map(_LINE.fullmatch, said)):
        if len(lines) > 1:
            return "is made of lines NAME=value", "keep them all: safety secret import FILE"
        return "is a whole line NAME=value", _BEHIND.format("=")
    if len(lines) == 1 and _HEADER.fullmatch(lines[0]):
        return "is a whole line NAME: value", _BEHIND.format("colon")
    if _OBJECT.fullmatch(plain.strip()):
        return "is a JSON object with one value", _BEHIND.format("colon, without quotes")
    if len(lines) == 1 and _SHELL.fullmatch(lines[0]):
        return "holds what a shell fills in", "give the value that it comes to"
    return "", ""
