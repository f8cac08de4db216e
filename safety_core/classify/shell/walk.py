"""The tree -> simple commands, in the order in which the shell would run them.

Everything that might run is taken to run: both branches of a condition, the body of a loop, of a function, of a
substitution. What a part may or may not have changed is forgotten behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.shell.commands import Commands
from safety_core.classify.shell.judged import OWN_VARIABLES, SECRET_NAME, note_control
from safety_core.classify.shell.nodes import (
    AndOr,
    Arithmetic,
    Assignment,
    Branches,
    Function,
    Loop,
    Node,
    Parameter,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
    Subshell,
    Substitution,
    Test,
    Word,
)
from safety_core.classify.shell.redirects import Redirects
from safety_core.classify.shell.scope import DEEPEST, NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.syntax import expanded, loose_commands, parse
from safety_core.classify.shell.words import Word as Made
from safety_core.classify.shell.words import Words
from safety_core.model.facts import Kind

MOST_TURNS: Final = 16
"""Values of a `for` loop that are followed one by one."""

_PRINTERS: Final = frozenset({"echo", "printf", "print"})
_KEEPING: Final = frozenset({"eval", "export", "readonly", "set", "unset", ".", "source", ":", "exec", "shift", "trap"})
"""Builtins that keep the assignments before them in some shells."""

_HIDDEN: Final = frozenset({"decoded", "downloaded"})
_ASSIGNED: Final = re.compile(
    r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\]\s*)?(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)"
)
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_RUNS: Final = re.compile(r"\$\(|`|\$\{")


class Shell:
    """Reads scripts; what they do goes into the notes."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.programs = Commands(notes, self)
        self.redirects = Redirects(notes)
        self._nodes: dict[type, Callable[[Any, Scope, Stream], Stream]] = {
            Simple: self._simple,
            Sequence: lambda node, scope, stdin: self._all(node.parts, scope, stdin),
            AndOr: self._and_or,
            Pipeline: self._pipeline,
            Subshell: lambda node, scope, stdin: self.visit(node.body, scope.copy(), stdin),
            Branches: self._branches,
            Loop: self._loop,
            Test: self._test,
            Function: self._function,
            Redirected: self._redirected,
            Arithmetic: self._arithmetic,
        }

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow one script; the reply is what it prints, where that is static."""
        scope.depth += 1
        if scope.depth > DEEPEST:
            self.notes.give_up("scripts inside scripts, too deep to be followed")
            return Stream()
        whole = scope.traits | (stdin.origin if stdin.text == text else frozenset())
        note_control(self.notes, "script", whole)
        origin = whole & _HIDDEN
        if origin:
            self.notes.note(Kind.RUN_CODE, "script", "runs code that was hidden or fetched", (), origin)
        if HOLE in text:
            self.notes.doubt("a script of which a part is known only when the command runs")
        script = parse(text)
        for doubt in script.doubts:
            self.notes.doubt(doubt)
        for words in loose_commands(script.loose):
            self.programs.run([Made(word) for word in words], scope.copy(), Stream())
        if script.lost:
            self.notes.give_up(script.lost)
        output = self.visit(script.root, scope, stdin)
        scope.depth -= 1
        return output

    def visit(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        """Follow one node of the tree."""
        if not self.notes.step():
            return Stream()
        return self._nodes[type(node)](node, scope, stdin)

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function of the script. What it changes may be changed outside, but not the parameters."""
        function = scope.functions[name]
        if id(function) in scope.inside:
            return Stream()
        parameters, inside = scope.arrays["@"], scope.inside
        scope.bind(arguments)
        scope.inside = (*inside, id(function))
        output = self.visit(function.body, scope, stdin)
        scope.bind(parameters)
        scope.inside = inside
        return output

    def run_in_text(self, text: str, scope: Scope) -> None:
        """Run the substitutions in a text that the shell expands once more: an expression, a subscript, a prompt."""
        parts = expanded(text)
        if parts is None:
            self.notes.doubt("a text that is expanded once more and cannot be read")
        else:
            self.words(scope.copy()).one(parts)

    def words(self, scope: Scope, made: set[str] | None = None) -> Words:
        """Return the maker of words; it collects in `made` where the text of substitutions came from."""

        def run(part: Substitution) -> str:
            inner = scope.copy()
            output = self._all(part.body.parts, inner, TERMINAL)
            if made is not None:
                made.update(output.origin)
            if part.direction:
                return self.redirects.hand_over(output) if part.direction == "<" else HOLE
            if output.text is None:
                self.notes.doubt("a text that another command puts into this one")
                return HOLE
            return output.text.rstrip("\n")

        return Words(scope, run, lambda expression: self.evaluate(expression, scope))

    def evaluate(self, expression: Word, scope: Scope) -> str:
        """Run what an expression runs: its substitutions, and those in the values of its variables."""
        text = self.words(scope).one(expression).strip()
        if re.fullmatch(r"-?\d{1,9}", text):
            return text
        for name in dict.fromkeys(_NAME.findall(text)[:50]):
            value = scope.value(name)
            if value and "[" in value and _RUNS.search(value):
                self.run_in_text(value, scope)
        if "[" in text and _RUNS.search(text):
            self.run_in_text(text, scope)
        for match in _ASSIGNED.finditer(text):
            scope.set(match[1] or match[2], HOLE)
        return HOLE

    def _all(self, parts: Iterable[Node], scope: Scope, stdin: Stream) -> Stream:
        return _joined([self.visit(part, scope, stdin) for part in parts])

    def _and_or(self, node: AndOr, scope: Scope, stdin: Stream) -> Stream:
        """Follow `a && b || c`: what follows `||` begins as if what came before had changed or not changed."""
        outputs = [self.visit(node.parts[0], scope, stdin)]
        first, folder = scope.copy(), scope.cwd
        for sign, part in zip(node.signs, node.parts[1:], strict=True):
            if sign == "||":
                scope.blur(first)
            output = self.visit(part, scope, stdin)
            outputs.append(Stream(f"{HOLE}\n{output.text}", output.origin) if output.text else output)
        if scope.differs(first):
            scope.blur(first)
        deeper = scope.cwd == folder or scope.cwd.startswith(f"{folder}/")
        if not deeper or ("||" in node.signs and scope.cwd != folder):
            scope.cwd = HOLE
        return _joined(outputs)

    def _pipeline(self, node: Pipeline, scope: Scope, stdin: Stream) -> Stream:
        for part in node.parts:
            inner = scope.copy()
            stdin = self.visit(part, inner, stdin)
        if inner.differs(scope):  # zsh runs the last part in the shell itself
            inner.blur(scope)
            scope.variables, scope.arrays = inner.variables, inner.arrays
        return stdin

    def _simple(self, node: Simple, scope: Scope, stdin: Stream) -> Stream:
        made: set[str] = set()
        maker = self.words(scope, made)
        words: list[Made] = []
        for word in node.words:
            if isinstance(word, Assignment):
                words.append(self._declared(word, scope, maker))
            else:
                words.extend(maker.of(word))
                made |= _origins(word, scope)
        outlets: list[tuple[Redirect, list[Made]]] = []
        for redirect in node.redirects:
            stdin = self._opened(redirect, maker, scope, stdin, outlets)
        before = {assignment.name: scope.variables.get(assignment.name) for assignment in node.assignments}
        assigned = [self._assigned(assignment, scope, maker) for assignment in node.assignments]
        if not words:
            output = stdin if node.redirects and not node.assignments else NOTHING
            if assigned:
                self.notes.note(Kind.READ, "variable", "sets a variable for this command")
            elif not node.words and not node.redirects:
                self.notes.note(Kind.READ, "time", "measures how long nothing takes")
        else:
            output = self.programs.run(words, scope, stdin, frozenset(made))
            if words[0].text in _PRINTERS and any(_secrets(word, scope) for word in node.words):
                where = path_target(OWN_VARIABLES, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
                self.notes.note(
                    Kind.READ, words[0].text, "prints a variable that holds a secret", (where,), scope.traits
                )
            for name in assigned:
                self._restore(name, before[name], scope, kept=words[0].text in _KEEPING)
        for redirect, targets in outlets:
            self.redirects.write(redirect, targets, scope, output)
        return output

    def _restore(self, name: str, old: str | None, scope: Scope, *, kept: bool) -> None:
        """End an assignment before a command. Shells differ on whether it outlives functions and special builtins."""
        if kept or scope.functions or old is None:
            scope.set(name, HOLE)
        else:
            scope.set(name, old)

    def _opened(
        self,
        redirect: Redirect,
        maker: Words,
        scope: Scope,
        stdin: Stream,
        outlets: list[tuple[Redirect, list[Made]]],
    ) -> Stream:
        """Open one redirection; the reply is the standard input from there on. Files are written at the end."""
        if redirect.operator == "<<<":
            return self.redirects.given(
                redirect, Stream(maker.one(redirect.target) + "\n", _origins(redirect.target, scope)), stdin
            )
        if redirect.body is not None:
            return self.redirects.given(
                redirect, Stream(maker.one(redirect.body), _origins(redirect.body, scope)), stdin
            )
        targets = maker.of(redirect.target)
        if redirect.operator.startswith("<"):
            return self.redirects.read(redirect, targets, scope, stdin)
        outlets.append((redirect, targets))
        return stdin

    def _assigned(self, assignment: Assignment, scope: Scope, maker: Words) -> str:
        """Give a variable its value."""
        name = assignment.name
        if assignment.index is not None:
            maker.evaluate(assignment.index)
        if assignment.values is not None:
            self._array(assignment, scope, maker)
            return name
        text = maker.one(assignment.value)
        old = scope.value(name)
        value = (HOLE if old is None else old) + text if assignment.appended else text
        self.programs.variable(name, value, scope)
        if assignment.index is None:
            scope.set(name, value)
        else:
            scope.set_all(name, (HOLE,) * 9)
        return name

    def _array(self, assignment: Assignment, scope: Scope, maker: Words) -> None:
        values: list[str] = []
        keyed = False
        for item in assignment.values or ():
            if isinstance(item, Assignment):
                keyed = True
                maker.evaluate(item.index or ())
                values.append(maker.one(item.value))
            else:
                values.extend(word.text for word in maker.of(item))
        old = scope.arrays.get(assignment.name, (HOLE,)) if assignment.appended else ()
        scope.set_all(assignment.name, (HOLE,) * 9 if keyed else (*old, *values))
        self.programs.variable(assignment.name, " ".join(values), scope)

    def _declared(self, assignment: Assignment, scope: Scope, maker: Words) -> Made:
        """Return `name=value` behind `export` and its like as a word; arrays are set here."""
        if assignment.values is not None or assignment.index is not None:
            self._assigned(assignment, scope, maker)
            return Made(assignment.name)
        sign = "+=" if assignment.appended else "="
        return Made(f"{assignment.name}{sign}{maker.one(assignment.value)}")

    def _function(self, node: Function, scope: Scope, stdin: Stream) -> Stream:
        scope.functions[node.name] = node
        before = len(self.notes.actions)
        self.call(node.name, (HOLE, HOLE, HOLE), scope.copy(), Stream())
        calls_itself = node.source.count(node.name) > 2 and "|" in node.source and "&" in node.source
        if calls_itself and all(action.form == node.name for action in list(self.notes.actions)[before:]):
            words = "starts copies of itself until the machine stops"
            self.notes.note(Kind.DESTROY, "function", words, (), {"machine"})
        return NOTHING

    def _loop(self, node: Loop, scope: Scope, stdin: Stream) -> Stream:
        if node.words is None:
            values = list(scope.arrays["@"])
        else:
            maker = self.words(scope)
            values = [word.text for parts in node.words for word in maker.of(parts)]
        if len(values) > MOST_TURNS or not values:
            values = [HOLE, HOLE]
        before = scope.copy()
        for value in values:
            scope.set(node.variable, value)
            self.visit(node.body, scope, stdin)
        scope.blur(before)
        return Stream()

    def _branches(self, node: Branches, scope: Scope, stdin: Stream) -> Stream:
        """Run a condition or loop: once for what happens at first, and once with what it has changed forgotten."""
        maker = self.words(scope)
        for word in node.words:
            maker.of(word)
        before = scope.copy()
        output = self._all(node.parts, scope, stdin)
        if scope.differs(before):
            scope.blur(before)
            self._all(node.parts, scope, stdin)
            scope.blur(before)
        if scope.cwd != before.cwd:
            scope.cwd = HOLE
        return Stream(None, output.origin)

    def _test(self, node: Test, scope: Scope, stdin: Stream) -> Stream:
        maker = self.words(scope)
        for word in node.words:
            text = maker.one(word)
            if "[" in text and _RUNS.search(text):  # an operand of -eq or -v is an expression
                self.run_in_text(text, scope)
        self.notes.note(Kind.READ, "test", "compares something")
        return NOTHING

    def _arithmetic(self, node: Arithmetic, scope: Scope, stdin: Stream) -> Stream:
        self.evaluate(node.expression, scope)
        self.notes.note(Kind.READ, "variable", "sets a variable for this command")
        return NOTHING

    def _redirected(self, node: Redirected, scope: Scope, stdin: Stream) -> Stream:
        maker = self.words(scope)
        outlets: list[tuple[Redirect, list[Made]]] = []
        for redirect in node.redirects:
            stdin = self._opened(redirect, maker, scope, stdin, outlets)
        output = self.visit(node.body, scope, stdin)
        for redirect, targets in outlets:
            self.redirects.write(redirect, targets, scope, output)
        return output


def _origins(word: Word, scope: Scope) -> frozenset[str]:
    """Return what is known of where the values in a word came from."""
    none = frozenset[str]()
    return none.union(*(scope.origins.get(part.name, none) for part in word if isinstance(part, Parameter)))


def _secrets(word: Word | Assignment, scope: Scope) -> bool:
    """Tell whether a value from the environment whose name promises a secret stands in the word: `$SHOP_TOKEN`."""
    names = [part.name for part in word if isinstance(part, Parameter)] if isinstance(word, tuple) else []
    return any(
        name.isupper() and SECRET_NAME.search(name) and scope.variables.get(name) in {None, HOLE} for name in names
    )


def _joined(parts: list[Stream]) -> Stream:
    if len(parts) == 1:
        return parts[0]
    known = any(part.text for part in parts)
    texts = [f"{HOLE}\n" if part.text is None else part.text for part in parts]
    text = "".join(texts) if known or all(part.text is not None for part in parts) else None
    return Stream(text, frozenset[str]().union(*(part.origin for part in parts)))
