"""The tree -> simple commands, in the order in which the shell would run them.

Everything that might run is taken to run: both branches of a condition, the body of a loop, of a function, of a
substitution.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tree_sitter import Node

from safety_core.classify.network import host_target
from safety_core.classify.notes import Notes
from safety_core.classify.paths import HOLE, path_target
from safety_core.classify.shell.programs import Programs
from safety_core.classify.shell.scope import DEEPEST, NOTHING, TERMINAL, Scope, Stream
from safety_core.classify.shell.syntax import TOO_LONG, loose_commands, parse
from safety_core.classify.shell.words import Word, Words, text_of
from safety_core.model.facts import Kind

MOST_TURNS: Final = 16
"""Values of a `for` loop that are followed one by one."""

_WORDS: Final = frozenset({
    "word", "number", "string", "raw_string", "ansi_c_string", "translated_string", "concatenation",
    "simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion",
    "brace_expression", "extglob_pattern", "regex",
})  # fmt: skip
_STREAMS: Final = {"/dev/stdout", "/dev/stderr", "/dev/null", "/dev/tty"}


class Shell:
    """Reads scripts; what they do goes into the notes."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.programs = Programs(notes, self)
        self._nodes: dict[str, Callable[[Node, Scope, Stream], Stream]] = {
            "command": self._command,
            "pipeline": self._pipeline,
            "redirected_statement": self._redirected,
            "subshell": lambda node, scope, stdin: self._sequence(node, scope.copy(), stdin),
            "negated_command": self._sequence,
            "variable_assignment": self._assignment,
            "declaration_command": self._declaration,
            "unset_command": self._declaration,
            "comment": lambda node, scope, stdin: NOTHING,
            "function_definition": self._function,
            "for_statement": self._for,
            "c_style_for_statement": self._branches,
            "while_statement": self._branches,
            "if_statement": self._branches,
            "case_statement": self._branches,
            "heredoc_body": lambda node, scope, stdin: NOTHING,
            **dict.fromkeys(_WORDS, self._word),
        }

    def script(self, text: str, scope: Scope, stdin: Stream = TERMINAL) -> Stream:
        """Follow one script; the reply is what it prints, where that is static."""
        scope.depth += 1
        if scope.depth > DEEPEST:
            self.notes.give_up("scripts inside scripts, too deep to be followed")
            return Stream()
        script = parse(text)
        for doubt in script.doubts:
            self.notes.doubt(doubt)
        if script.doubts:
            for words in loose_commands(script.text):
                self.programs.run([Word(word) for word in words], scope.copy(), Stream())
        if script.root is None:
            self.notes.give_up(TOO_LONG)
        output = Stream() if script.root is None else self.visit(script.root, scope, stdin)
        scope.depth -= 1
        return output

    def visit(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        """Follow one node of the tree."""
        if not self.notes.step():
            return Stream()
        return self._nodes.get(node.type, self._sequence)(node, scope, stdin)

    def call(self, name: str, arguments: tuple[str, ...], scope: Scope, stdin: Stream) -> Stream:
        """Run a function of the script."""
        body = scope.functions.get(name)
        if body is None or body.id in scope.inside:
            return Stream()
        inner = scope.copy()
        inner.bind(arguments)
        inner.inside = (*scope.inside, body.id)
        return self.visit(body, inner, stdin)

    def _sequence(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        parts = [self.visit(child, scope, stdin) for child in node.named_children]
        texts = [part.text for part in parts]
        text = None if None in texts else "".join(filter(None, texts))
        return Stream(text, frozenset[str]().union(*(part.origin for part in parts)))

    def _pipeline(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        for child in node.named_children:
            stdin = self.visit(child, scope.copy(), stdin)
        return stdin

    def _words(self, scope: Scope, made: set[str] | None = None) -> Words:
        def substitute(node: Node) -> str:
            output = self._sequence(node, scope.copy(), TERMINAL)
            if made is not None:
                made.update(output.origin)
            static = node.type == "command_substitution" and output.text is not None
            return str(output.text).rstrip("\n") if static else HOLE

        return Words(scope.variables, substitute)

    def _word(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        """A word outside of a command (a pattern, a condition): only what its substitutions run counts."""
        self._words(scope).of(node)
        return NOTHING

    def _command(self, node: Node, scope: Scope, stdin: Stream, behind: Sequence[Node] = ()) -> Stream:
        """Judge a simple command; `behind` are words that stand behind a redirection, where the tree hides them."""
        words: list[Word] = []
        made: set[str] = set()
        maker = self._words(scope, made)
        for child in (*node.children, *behind):
            match child.type:
                case "variable_assignment":
                    name, value = self._pair(child, scope)
                    self.programs.variable(name, value, scope)
                case "herestring_redirect":
                    stdin = Stream("".join(maker.one(part) for part in child.named_children) + "\n")
                case "file_redirect":
                    stdin = self._file(child, scope, stdin)
                case "$":  # of a translated string, $"..."
                    continue
                case _:
                    words.extend(maker.of(child))
        return self.programs.run(words, scope, stdin, frozenset(made))

    def _pair(self, node: Node, scope: Scope) -> tuple[str, str]:
        text = "".join(self._words(scope).one(value) for value in node.children_by_field_name("value"))
        appended = any(child.type == "+=" for child in node.children)
        plain = ""
        for name in node.children_by_field_name("name"):
            plain = text_of(name)
            self._sequence(name, scope, TERMINAL)
        return plain, scope.variables.get(plain, HOLE) + text if appended else text

    def _assignment(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        name, value = self._pair(node, scope)
        self.programs.variable(name, value, scope)
        scope.variables[name] = value
        self.notes.note(Kind.READ, "variable", "sets a variable for this command")
        return NOTHING

    def _declaration(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        self._sequence(node, scope, stdin)
        self.notes.note(Kind.READ, "variable", "sets a variable for this command")
        return NOTHING

    def _function(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        label = "".join(map(text_of, node.children_by_field_name("name")))
        for body in node.children_by_field_name("body"):
            scope.functions[label] = body
        for redirect in node.children_by_field_name("redirect"):
            self._file(redirect, scope, Stream())
        before = list(self.notes.actions)
        self.call(label, (HOLE, HOLE, HOLE), scope, Stream())
        text = text_of(node)
        calls_itself = text.count(label) > 2 and "|" in text and "&" in text
        if calls_itself and list(self.notes.actions) == before:
            self.notes.note(
                Kind.DESTROY, "function", "starts copies of itself until the machine stops", (), {"machine"}
            )
        return NOTHING

    def _for(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        variable = "".join(map(text_of, node.children_by_field_name("variable")))
        maker = self._words(scope)
        values = [word.text for value in node.children_by_field_name("value") for word in maker.of(value)]
        if len(values) > MOST_TURNS or not values:
            values = [HOLE]
        before = dict(scope.variables)
        for value in values:
            scope.variables[variable] = value
            for body in node.children_by_field_name("body"):
                self._sequence(body, scope, stdin)
        scope.blur(before)
        return Stream()

    def _branches(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        """Run a condition or loop: once for what happens at first, and once with what it has changed forgotten."""
        before = dict(scope.variables)
        self._sequence(node, scope, stdin)
        if scope.variables != before:
            scope.blur(before)
            self._sequence(node, scope, stdin)
            scope.blur(before)
        return Stream()

    def _redirected(self, node: Node, scope: Scope, stdin: Stream) -> Stream:
        body = node.child_by_field_name("body")
        redirects = [child for child in node.named_children if child.type.endswith("_redirect")]
        followers: list[Node] = []
        for redirect in redirects:
            if redirect.type == "heredoc_redirect":
                stdin = self._heredoc(redirect, scope)
                parts = [child for child in redirect.named_children if not child.type.startswith("heredoc")]
                redirects += [part for part in parts if part.type == "file_redirect"]
                followers += [part for part in parts if part.type != "file_redirect"]
            elif redirect.type == "herestring_redirect":
                stdin = Stream("".join(self._words(scope).one(part) for part in redirect.named_children) + "\n")
            elif _operator(redirect).startswith("<"):
                stdin = self._file(redirect, scope, stdin)
        behind = [word for redirect in redirects for word in redirect.children_by_field_name("destination")[1:]]
        if body is not None and body.type == "command":
            output = self._command(body, scope, stdin, behind)
        else:
            output = self.visit(body, scope, stdin) if body is not None else NOTHING
        for redirect in redirects:
            if redirect.type == "file_redirect" and not _operator(redirect).startswith("<"):
                self._file(redirect, scope, output)
        for follower in followers:
            output = self.visit(follower, scope, output)
        return output

    def _heredoc(self, node: Node, scope: Scope) -> Stream:
        start = next((text_of(child) for child in node.children if child.type == "heredoc_start"), "")
        bodies = [child for child in node.children if child.type == "heredoc_body"]
        if any(mark in start for mark in "'\"\\"):
            return Stream("".join(map(text_of, bodies)))
        maker = self._words(scope)
        return Stream("".join(character for body in bodies for character, _ in maker.inside_quotes(body)))

    def _file(self, node: Node, scope: Scope, stream: Stream) -> Stream:
        """Read or write one file; the reply is what comes in from there."""
        operator = _operator(node)
        for destination in node.children_by_field_name("destination")[:1]:
            for word in self._words(scope).of(destination):
                if operator.endswith("&") and (word.text.isdigit() or word.text == "-"):
                    continue
                stream = self._open(word, operator, scope, stream)
        return stream

    def _open(self, word: Word, operator: str, scope: Scope, stream: Stream) -> Stream:
        if word.text.startswith(("/dev/tcp/", "/dev/udp/")):
            target = host_target(word.text.split("/")[3])
            self.notes.note(Kind.OUTWARD, "redirection", "opens a connection", (target,), scope.traits)
            return Stream(origin=frozenset({"downloaded"}))
        if word.text in _STREAMS or (word.text == HOLE and operator == "<"):
            return stream
        target = path_target(word.text, scope.cwd, self.notes.workspace, self.notes.catalogue.paths)
        if operator.startswith("<") and operator != "<>":
            self.notes.note(Kind.READ, "redirection", "reads a file", (target,), scope.traits)
            return self.stored(target.value)
        self.notes.note(Kind.WRITE, "redirection", "writes a file", (target,), scope.traits)
        self.notes.files.write(target.value, stream.text, stream.origin, append=">>" in operator)
        return stream

    def stored(self, path: str) -> Stream:
        """Return what is known of a file as a stream."""
        found = self.notes.files.read(path)
        return Stream() if found is None else Stream(found.text, found.origin)


def _operator(node: Node) -> str:
    return next((child.type for child in node.children if not child.is_named), "")
