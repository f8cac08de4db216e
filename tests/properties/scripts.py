"""Random shell scripts out of every construct, and a real bash that runs them among stubs.

The scripts name no program but the stubs and hold no slash. The bash that runs them has an empty folder, a `PATH` of
stubs, and bounds on time, files and depth.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

BASH: Final = "/bin/bash"
WORKING: Final = ("p1", "p2", "p3", "p4")
"""Stubs that succeed; each prints the name of another, which a script may then run."""
FAILING: Final = ("q1", "q2")
STUBS: Final = (*WORKING, *FAILING)
_BOUNDED: Final = f'ulimit -t 2 -f 1024 -c 0; exec {BASH} --norc --noprofile -c "$0"'
_END: Final = "\x1d"
_STUB: Final = """#!/bin/sh
printf '%s\\036' "${{0##*/}}" "$@" {end} >> {log}
echo p3 out
exit {status}
"""
_SCRAPS: Final = ("'", '"', "`", "$(", ")", "(", "{", "}", " ", "\n", ";", "\\", "#", "|", "&", "\\\n", "$", "<<E\n",
"\nE\n",
                  "((", "))", "${", "$'", '$"', "[[ ", " ]]", "=", "!", "[", "]", "<(", "\t", "~", "*", "?", ";;",
                  "in", "do")  # fmt: skip


class Script:
    """Writes one script; `random` decides everything."""

    def __init__(self, random: Random, size: int = 3) -> None:
        self.random = random
        self.size = size
        self.variables = ["x", "y", "z"]
        self.documents: list[str] = []

    def text(self) -> str:
        """Return a script of a few lines."""
        lines = [self.line(self.size) for _ in range(self.random.randint(1, 4))]
        text = "\n".join(lines)
        for _ in range(self.random.choice((0, 0, 0, 1, 2, 4))):
            at = self.random.randint(0, len(text))
            cut = self.random.choice((0, 0, 1))
            text = text[:at] + self.random.choice(_SCRAPS) + text[at + cut :]
        return text

    def line(self, depth: int) -> str:
        """Return a list of commands, with the here-documents that it begins."""
        before, self.documents = self.documents, []
        line = self.several(depth)
        if self.random.random() < 0.1:
            line += " # " + self.name()
        text = line + "".join("\n" + document for document in self.documents)
        self.documents = before
        return text

    def several(self, depth: int) -> str:
        """Return commands with signs between them."""
        text = self.pipeline(depth)
        for _ in range(self.random.choice((0, 0, 1, 2))):
            text += self.random.choice(("; ", " && ", " || ", ";", "&&", " & ")) + self.pipeline(depth)
        return text

    def pipeline(self, depth: int) -> str:
        """Return one command or a pipe of some."""
        text = self.random.choice(("", "", "", "! ", "time ")) + self.command(depth)
        for _ in range(self.random.choice((0, 0, 0, 1))):
            text += self.random.choice((" | ", "|", " |& ")) + self.command(depth)
        return text

    def command(self, depth: int) -> str:
        """Return a simple or compound command."""
        if depth <= 0 or self.random.random() < 0.5:
            return self.simple(depth)
        kinds: list[Callable[[int], str]] = [
            lambda d: f"({self.line(d)}\n)",
            lambda d: f"( {self.several(d)} )",
            lambda d: f"{{ {self.several(d)}; }}",
            lambda d: f"if {self.several(d)}; then {self.several(d)}; else {self.several(d)}; fi",
            lambda d: f"if {self.several(d)}\nthen {self.line(d)}\nelif {self.several(d)}\nthen {self.line(d)}\nfi",
            lambda d: f"for {self.variable()} in {self.word(d)} {self.word(d)}; do {self.several(d)}; done",
            lambda d: f"while {self.several(d)}; do {self.several(d)}; break; done",
            lambda d: f"until {self.several(d)}; do {self.several(d)}; break; done",
            lambda d: f"case {self.word(d)} in {self.word(d)}) {self.several(d)};; (*) {self.several(d)} ;; esac",
            lambda d: f"[[ {self.word(d)} == {self.word(d)} && -n {self.word(d)} ]]",
            lambda d: f"(( {self.variable()} = 1 + ${{#x}} ))",
            lambda d: f"f() {{ {self.several(d)}; }}; f {self.word(d)}",
            lambda d: f"function g {{ {self.several(d)}; }}; g {self.word(d)}",
            lambda d: (
                f"for (({self.variable()}=0;{self.variable()}<1;{self.variable()}++)); "
                f"do {self.several(d)}; break; done"
            ),
            lambda d: f"coproc {{ {self.several(d)}; }}",
            lambda d: f"eval {self.single(self.several(d))}",
            lambda d: f"eval {self.name()} {self.word(d)}",
            lambda d: f"trap {self.single(self.several(d))} EXIT",
            lambda d: f"set -- {self.name()} {self.word(d)}; \"$@\"; shift; $1",
            lambda d: f"{self.variable()}=({self.name()} {self.word(d)}); \"${{x[@]}}\"; ${{y[0]}} ${{z[*]}}",
            lambda d: f"read {self.variable()} {self.variable()} <<< {self.word(d)}; ${self.variable()}",
            lambda d: f"printf -v {self.variable()} %s {self.name()}; ${self.variable()}",
            lambda d: f"exec {self.simple(0)}",
            lambda d: f"command {self.simple(0)}",
            lambda d: f"export {self.variable()}={self.word(d)}; ${self.variable()}",
            lambda d: f"declare {self.variable()}={self.name()} {self.variable()}; ${self.variable()}",
            lambda d: f"unset {self.variable()}; ${{{self.variable()}:-{self.name()}}}",
            lambda d: f"{self.variable()}[$({self.several(d)})]=1",
            lambda d: f"let {self.variable()}=1",
            lambda d: f"test -n {self.word(d)}",
            lambda d: f"select {self.variable()} in p1; do {self.several(d)}; break; done <<< 1",
        ]  # fmt: skip
        return self.random.choice(kinds)(depth - 1) + self.redirect(depth - 1, 0.1)

    def simple(self, depth: int) -> str:
        """Return assignments, a name, arguments and redirections."""
        parts = [self.assignment(depth) for _ in range(self.random.choice((0, 0, 0, 1)))]
        if not parts or self.random.random() < 0.5:
            parts.append(self.program(depth))
            parts.extend(self.word(depth) for _ in range(self.random.choice((0, 0, 1, 2))))
        gap = self.random.choice((" ", " ", " ", "  ", "\t", " \\\n"))
        return gap.join(parts) + self.redirect(depth, 0.15)

    def redirect(self, depth: int, chance: float) -> str:
        """Return a redirection, or nothing."""
        if self.random.random() > chance:
            return ""
        kind = self.random.randint(0, 7)
        if kind < 3:
            quote, dash = self.random.choice(("", "'", "\\")), self.random.choice(("", "-"))
            end = f"{quote}E{quote if quote == chr(39) else ''}"
            self.documents.append(self.expanding(depth) + "\n" + ("\t" if dash else "") + "E")
            return f" <<{dash}{end}"
        if kind == 3:
            return f" <<< {self.word(depth)}"
        if kind == 4:
            return f" < <({self.several(depth - 1)})" if depth > 0 else " <&-"
        return self.random.choice(
            (" > out", " 2>&1", " >> out", " &> out", " < out", " 3> out", ">out", " >| out", " 2>out")
        )

    def assignment(self, depth: int) -> str:
        """Return an assignment before a command."""
        sign = self.random.choice(("=", "=", "+="))
        value = self.word(depth) if self.random.random() < 0.5 else self.name()
        return f"{self.variable()}{sign}{value}"

    def variable(self) -> str:
        """Return the name of a variable."""
        return self.random.choice(self.variables)

    def name(self) -> str:
        """Return the name of a stub."""
        return self.random.choice(STUBS)

    def single(self, text: str) -> str:
        """Return a text in single quotes."""
        return "'" + text.replace("'", "'\\''") + "'"

    def program(self, depth: int) -> str:
        """Return a program, spelled somehow."""
        name, variable = self.name(), self.variable()
        first, second = name[0], name[1]
        spellings = [
            name, name, name, name, name, f'"{name}"', f"'{name}'", f"\\{name}", f"{first}\\{second}",
            f"{first}''{second}",
            f'{first}"{second}"', f"$'{name}'", f"$'\\x{ord(first):x}{second}'",
            f"$'\\{ord(first):o}\\u{ord(second):04x}'",
            f'$"{name}"', f"${variable}", f'"${variable}"', f"${{{variable}:-{name}}}", f"{first}${{none}}{second}",
            f"{variable}={name}; ${variable}", f"{variable}={first}; ${variable}{second}", f"$(echo {name})",
            f"`echo {name}`", f"{{{name},{self.name()}}}", f"${{{variable}:={name}}}", f"${{{variable}:+{name}}}",
            f"{variable}=a{name}; ${{{variable}#a}}", f"{variable}={name}zz; ${{{variable}%zz}}",
            f"{variable}={name.upper()}; ${{{variable},,}}", f"{variable}=_{name}_; ${{{variable}:1:2}}",
            f"{variable}={name[0]}9; ${{{variable}/9/{second}}}", f"{first}\\\n{second}", f"${{!{variable}}}",
            f"$({self.simple(depth - 1)})" if depth > 0 else name, f"{first}?", f"$(printf '%s' {name})",
            f"$(printf '\\x{ord(first):x}{second}')", f"{first}$@{second}", f"w={name}; ${{!{variable}:-$w}}",
        ]  # fmt: skip
        return self.random.choice(spellings)

    def word(self, depth: int) -> str:
        """Return an argument."""
        inner = depth - 1
        simple = ["a", "b", "-n", "'a b'", '"a  b"', "a\\ b", "$x", '"$y"', "${z}", "*", "a{b,c}", "{1..3}", "''",
        '""', "~",
                  "$'a\\tb'", "${x:-a b}", "'\"'", '"\'"', "\\'", '\\"', "a#b", "{", "}", "!", "=", "a=b", "$", "$#",
                  '"$@"', "\\\\", "$((1+2))"]  # fmt: skip
        if depth <= 0 or self.random.random() < 0.6:
            return self.random.choice(simple)
        nested = [
            lambda: f"$({self.several(inner)})",
            lambda: f"$({self.line(inner)}\n)",
            lambda: f'"$({self.several(inner)})"',
            lambda: f'"a$({self.several(inner)} )b"',
            lambda: "`" + self.several(inner).replace("\\", "\\\\").replace("`", "\\`").replace("$", "\\$") + "`",
            lambda: "`" + self.simple(0).replace("`", "").replace("\\", "") + "`",
            lambda: f"${{x:-$({self.several(inner)})}}",
            lambda: f'"${{x:-$({self.several(inner)})}}"',
            lambda: f"${{x:-`{self.name()}`}}",
            lambda: f"${{x:+\"$({self.several(inner)})\"}}",
            lambda: f"${{x/a/$({self.several(inner)})}}",
            lambda: f"${{x#$({self.several(inner)})}}",
            lambda: f"<({self.several(inner)})",
            lambda: f">({self.several(inner)})",
            lambda: f"$(( $({self.several(inner)}) + 1 ))",
            lambda: f"$((x[$({self.name()})]))",
            lambda: f"$[ $({self.name()}) ]",
            lambda: f"$( (({self.variable()}++)); {self.several(inner)})",
            lambda: f"$(({self.several(inner)}); ({self.several(inner)}))",
            lambda: f"$(case a in a) {self.several(inner)};; esac)",
            lambda: f"{self.word(inner)}{self.word(inner)}",
            lambda: f'"{self.expanding(inner)}"',
        ]  # fmt: skip
        return self.random.choice(nested)()

    def expanding(self, depth: int) -> str:
        """Return text as it stands in a here-document or between double quotes."""
        pieces = [
            f"text {self.name()}",
            "$x",
            f"$({self.simple(0)})",
            "\\$x",
            f"\\$({self.name()})",
            f"`{self.name()}`",
            "it's",
            "#",
        ]
        if depth > 0:
            pieces.append(f"$({self.several(depth - 1)})")
        return " ".join(self.random.choice(pieces) for _ in range(2)).replace('"', "")


@dataclass(frozen=True, slots=True)
class Bash:
    """A bash that reaches nothing but stubs."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Bash:
        """Make the stubs."""
        (folder / "bin").mkdir()
        for name in STUBS:
            stub = folder / "bin" / name
            stub.write_text(_STUB.format(log=folder / "log", end=_END, status=int(name in FAILING)))
            stub.chmod(0o755)
        return cls(folder)

    def started(self, script: str) -> list[tuple[str, ...]]:
        """Run a script; return the programs it started, with their arguments. Of one that hangs, those until then."""
        log, work = self.folder / "log", self.folder / "work"
        log.write_bytes(b"")
        work.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [BASH, "--norc", "--noprofile", "-c", _BOUNDED, script],
            env={"PATH": str(self.folder / "bin"), "FUNCNEST": "20", "HOME": str(work), "LC_ALL": "C.UTF-8"},
            cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _end(process.pid)
            process.wait()
        for left in work.iterdir():
            left.unlink()
        runs = log.read_bytes().decode("utf-8", "replace").split(f"{_END}\x1e")[:-1]
        return [tuple(run.split("\x1e")[:-1]) for run in runs]


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
