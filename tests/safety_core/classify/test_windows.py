"""PowerShell and cmd.exe: their lines as simple commands."""

from __future__ import annotations

import pytest

from safety_core.classify.paths import HOLE
from safety_core.classify.windows import MOST, simple_commands


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("Get-ChildItem", ["Get-ChildItem"]),
        ("gci | rm -Recurse", ["Get-ChildItem", "Remove-Item -Recurse"]),
        ("a; b && c || d & e", ["a", "b", "c", "d", "e"]),
        ("if (x) { y }", ["if", "x", "y"]),
        ("cat 'C:\\Program Files\\a.txt'", ["Get-Content 'C:\\Program Files\\a.txt'"]),
        ("Re`move-Item x", ["Remove-Item x"]),
        ('Get-Content "a`"b"', ["Get-Content 'a\"b'"]),
        ("$x = Get-Content a", ["Get-Content a"]),
        ("# rm x\nls", ["Get-ChildItem"]),
        ("a,b", ["a b"]),
        ("rm $x", ['Remove-Item "${UNKNOWN_HERE}"']),
        ('rm "C:\\$x"', ['Remove-Item "C:${UNKNOWN_HERE}"']),
        (f"rm a{HOLE}", [f'Remove-Item "a{HOLE}"']),
        ("a'b'c", ["abc"]),
        ("", []),
    ],
)
def test_powershell(text: str, commands: list[str]) -> None:
    assert list(simple_commands(text, "powershell")) == commands


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("del /s /q C:\\*", ["del -s -q 'C:\\*'"]),
        ("d^el x", ["del x"]),
        ('rd "C:\\a b" & dir', ["rd 'C:\\a b'", "Get-ChildItem"]),
        ("echo a^&b", ["echo 'a&b'"]),
        ("%COMSPEC% /c dir", ['"${UNKNOWN_HERE}" -c dir']),
        ('del "C:\\open', ["del 'C:\\open'"]),
    ],
)
def test_cmd(text: str, commands: list[str]) -> None:
    assert list(simple_commands(text, "cmd")) == commands


def test_a_line_is_followed_only_so_far() -> None:
    assert len(list(simple_commands("a;" * (MOST + 5), "powershell"))) == MOST
