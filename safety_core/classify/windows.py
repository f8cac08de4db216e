"""Lines of PowerShell and of Windows' cmd.exe -> the simple commands in them, written as our shell writes them.

Both languages are read only as far as that: statements, pipes and blocks are parted, quotes and escapes undone. What
the commands do is told by the catalogue, as of any other program. Variables and substitutions stay as text that the
shell's reader takes for unknown (`$env:TEMP`, `%TEMP%`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from safety_core.classify.paths import HOLE

LANGUAGES: Final = frozenset({"powershell", "cmd"})

MOST: Final = 200
"""Simple commands of one line that are followed."""

_POWERSHELL: Final = re.compile(
    r"#[^\n]*|<#.*?#>|'((?:[^']|'')*)'|\"((?:[^\"`]|`.|\"\")*)\"|(&&|\|\||[;|&\n{}()\[\],])"
    r"|((?:`.|[^\s'\";|&{}()\[\],`])+)",
    re.DOTALL,
)
_CMD: Final = re.compile(r"\"([^\"\n]*)\"?|(&&|\|\||[&|\n()])|((?:\^.|[^\s\"&|()^])+)", re.DOTALL)
_PARTING: Final = frozenset({"&&", "||", ";", "|", "&", "\n", "{", "}", "(", ")"})
_SWITCH: Final = re.compile(r"/[A-Za-z?][\w:.-]*")
ALIASES: Final = {
    alias: name
    for name, aliases in {
        "Invoke-Expression": "iex",
        "Invoke-WebRequest": "iwr curl wget",
        "Invoke-RestMethod": "irm",
        "Invoke-Command": "icm",
        "Remove-Item": "rm del erase rd ri rmdir",
        "Get-Content": "gc cat type",
        "Get-ChildItem": "gci ls dir",
        "Set-Content": "sc",
        "Add-Content": "ac",
        "Clear-Content": "clc",
        "Set-Location": "sl cd chdir pushd",
        "Copy-Item": "cp copy cpi",
        "Move-Item": "mv move mi",
        "Rename-Item": "ren rni",
        "New-Item": "ni md mkdir",
        "Write-Output": "echo write",
        "Get-Process": "ps gps",
        "Stop-Process": "kill spps",
        "Start-Process": "saps start",
        "Get-Service": "gsv",
        "Start-Service": "sasv",
        "Stop-Service": "spsv",
        "ForEach-Object": "% foreach",
        "Where-Object": "? where",
        "Sort-Object": "sort",
        "Select-Object": "select",
        "Measure-Object": "measure",
        "Tee-Object": "tee",
        "Format-Table": "ft",
        "Format-List": "fl",
        "Get-Member": "gm",
        "Get-Command": "gcm",
        "Get-ItemProperty": "gp",
        "Set-ItemProperty": "sp",
        "Remove-ItemProperty": "rp",
        "Get-WmiObject": "gwmi",
        "Invoke-WmiMethod": "iwmi",
        "Remove-WmiObject": "rwmi",
        "Get-History": "h history ghy",
        "Clear-History": "clhy",
        "Set-Alias": "sal",
        "Import-Module": "ipmo",
        "Enter-PSSession": "etsn",
        "New-PSSession": "nsn",
    }.items()
    for alias in aliases.split()
}
"""Short names of PowerShell's commands, some of which mean other programs elsewhere."""

CMD_NAMES: Final = {
    "rmdir": "rd",
    "type": "Get-Content",
    "dir": "Get-ChildItem",
    "find": "findstr",
    "more": "Get-Content",
    "sort": "findstr",
}
"""Commands of cmd.exe whose names mean other programs elsewhere."""

_ASSIGNED: Final = re.compile(r"\$[\w:{}]+")
_UNKNOWN: Final = re.compile(r"\$\(|\$[\w{?$^]|%[^%\s]+%|![^!\s]+!")


def simple_commands(text: str, language: str) -> Iterator[str]:
    """Yield every simple command of `text` as one line of our shell, its words quoted."""
    words: list[str] = []
    count = 0
    for word, parting in (*_tokens(text, language), ("", True)):
        if not parting and word in {"=", "+="} and len(words) == 1 and _ASSIGNED.fullmatch(words[0]):
            words = []
        elif not parting:
            words.append(word)
        elif words:
            count += 1
            if count > MOST:
                return
            yield " ".join(_quoted(part) for part in _named(words, language))
            words = []


def _named(words: list[str], language: str) -> list[str]:
    """Give a short name its long one; cmd.exe's switches (`/s`) become options."""
    name, rest = words[0].lower(), words[1:]
    if language == "powershell":
        return [ALIASES.get(name, words[0]), *rest]
    return [
        CMD_NAMES.get(name, words[0]),
        *("-" + word[1:].lower() if _SWITCH.fullmatch(word) else word for word in rest),
    ]


def _tokens(text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Yield words, and for what parts commands an empty one with True. Words that touch are one."""
    expression = _POWERSHELL if language == "powershell" else _CMD
    held, end = "", -1
    for match in expression.finditer(text):
        if match.start() != end and held:
            yield held, False
            held = ""
        end = match.end()
        *quoted, parting, plain = match.groups()
        if parting is not None:
            if held:
                yield held, False
            held = ""
            if parting in _PARTING:
                yield "", True
        elif plain is not None:
            held += re.sub(r"[`^](.)", r"\1", plain, flags=re.DOTALL)
        else:
            held += next((re.sub(r"`(.)", r"\1", part) for part in quoted if part is not None), "")
    if held:
        yield held, False


def _quoted(word: str) -> str:
    """Quote for our shell. What Windows puts in when the line runs becomes a variable that nobody set."""
    if HOLE in word or _UNKNOWN.search(word):
        return (
            '"${UNKNOWN_HERE}"'
            if word.startswith(("$", "%", "!"))
            else f'"{_UNKNOWN.sub("${UNKNOWN_HERE}", _safe(word))}"'
        )
    return shlex.quote(word)


def _safe(word: str) -> str:
    return re.sub(r"[`\"\\]", "", word)
