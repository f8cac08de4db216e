"""Python programs that only compute and print: no file, no connection, no other program is within their reach."""

from __future__ import annotations

import ast
from typing import Final

LIMIT: Final = 2000
"""Characters; longer programs are not read, and the parser's depth stays small."""

_NODES: Final = (
    ast.Module, ast.Expr, ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.UnaryOp, ast.BoolOp,
    ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.GeneratorExp,
    ast.DictComp, ast.comprehension, ast.Subscript, ast.Slice, ast.Starred, ast.keyword, ast.For, ast.If, ast.Pass,
    ast.alias, ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
_CALLS: Final = frozenset(
    {
        "print",
        "len",
        "range",
        "sum",
        "min",
        "max",
        "sorted",
        "reversed",
        "str",
        "int",
        "float",
        "bool",
        "complex",
        "abs",
    }
    | {"round", "hex", "bin", "oct", "ord", "chr", "divmod", "enumerate", "zip", "list", "dict", "set", "tuple", "repr"}
    | {"any", "all", "format", "ascii", "bytes", "frozenset", "isinstance", "pow"}
)
_MEMBERS: Final = {
    "math": None,
    "sys": frozenset({"version", "version_info", "platform", "executable", "path", "maxsize", "byteorder", "prefix"}),
    "platform": frozenset({"platform", "python_version", "machine", "system", "release", "architecture", "processor"}),
    "json": frozenset({"dumps", "loads"}),
}
"""Modules, and which of their members may be used; None for all of them."""

_METHODS: Final = frozenset(
    {"upper", "lower", "strip", "split", "join", "replace", "startswith", "endswith", "title", "count", "find", "index"}
    | {
        "format",
        "items",
        "keys",
        "values",
        "get",
        "isdigit",
        "isalpha",
        "zfill",
        "center",
        "ljust",
        "rjust",
        "splitlines",
    }
    | {"encode", "decode", "hex", "lstrip", "rstrip", "capitalize", "bit_length"}
)


def only_computes(program: str) -> bool:
    """Tell whether a Python program holds nothing but what is listed here; one that cannot be read does not."""
    if len(program) > LIMIT:
        return False
    try:
        nodes = list(ast.walk(ast.parse(program)))
        made = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        return all(_harmless(node, made) for node in nodes) and not made & (_CALLS | _MEMBERS.keys())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _harmless(node: ast.AST, made: set[str]) -> bool:
    """Tell whether one node is; `made` are the names that the program itself gives values."""
    match node:
        case ast.Import():
            return all(alias.name in _MEMBERS and alias.asname is None for alias in node.names)
        case ast.Assign():
            return all(isinstance(target, ast.Name) for target in node.targets)
        case ast.Name():
            return node.id in made or node.id in _CALLS or node.id in _MEMBERS
        case ast.Attribute():
            return _member(node)
        case ast.Call():
            named = isinstance(node.func, ast.Name) and node.func.id in _CALLS
            return named or isinstance(node.func, ast.Attribute)
        case _:
            return isinstance(node, _NODES)


def _member(node: ast.Attribute) -> bool:
    if isinstance(node.value, ast.Name) and node.value.id in _MEMBERS:
        members = _MEMBERS[node.value.id]
        return not node.attr.startswith("_") and (members is None or node.attr in members)
    return node.attr in _METHODS
