"""How doubtful a line of Python is where it stands: what a linter would say of its function.

Names that nothing has given a value, names that nobody uses, lines that are never come to: one
candidate for a gap brings them about, another does not.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterator, Sequence

from diffedit.engine import tree

NATS = 4.0
"""What one such fault weighs against a candidate's likelihood; chosen on validation cases."""

_Scope = ast.Module | tree.FunctionNode
_LEAVES = ast.Return | ast.Raise | ast.Break | ast.Continue


def faults(page: str, line: int) -> int | None:
    """How many faults the innermost function around a line (from 1) has; None: it is no Python.

    Where the page is unfinished elsewhere, the function is looked at alone.
    """
    whole = tree.parse(page)
    if whole is not None:
        return _count(_around(whole, line), set(_bound(whole)))
    own, first = _function(page.split("\n"), line)
    alone = tree.parse(own) if own else None
    return None if alone is None else _count(_around(alone, line - first), None)


def _function(rows: Sequence[str], line: int) -> tuple[str, int]:
    """The rows of the innermost function around a line, and how many come before; "" for none."""
    depth = _depth(rows[line - 1])
    first = line - 1
    while first >= 0 and not (
        _depth(rows[first]) < depth and re.match(r"\s*(async )?def ", rows[first])
    ):
        first -= 1
    if first < 0:
        return "", 0
    end = first + 1
    while end < len(rows) and (not rows[end].strip() or _depth(rows[end]) > _depth(rows[first])):
        end += 1
    return textwrap.dedent("\n".join(rows[first:end])), first


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip())


def _count(scope: _Scope, known: set[str] | None) -> int:
    """The faults of a function; `known` are the names of its page, if they can be told."""
    arguments = {one.arg for one in ast.walk(scope) if isinstance(one, ast.arg)}
    loaded, stored = _names(scope, ast.Load), _names(scope, ast.Store)
    # `a += b` uses an argument; of a name of its own it is no use yet.
    added = {
        node.target.id
        for node in ast.walk(scope)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    own = set() if isinstance(scope, ast.Module) else stored | arguments - {"self", "cls"}
    unused = own - loaded - (added & arguments)
    unknown = set[str]() if known is None else loaded - known
    return len(unused) + len(unknown) + sum(_unreached(scope))


def _around(whole: ast.Module, line: int) -> _Scope:
    found = [
        node
        for node in ast.walk(whole)
        if isinstance(node, tree.FunctionNode) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return min(found, key=lambda node: (node.end_lineno or 0) - node.lineno, default=whole)


def _names(scope: ast.AST, use: type[ast.expr_context]) -> set[str]:
    return {
        node.id
        for node in ast.walk(scope)
        if isinstance(node, ast.Name) and isinstance(node.ctx, use)
    }


def _bound(whole: ast.Module) -> Iterator[str]:
    """Every name that the page gives to something, anywhere; and Python's own."""
    yield from dir(builtins)
    yield from ("__file__", "__name__", "__class__")
    for node in ast.walk(whole):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.ClassDef | tree.FunctionNode):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((one.asname or one.name).split(".")[0] for one in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name


def _unreached(scope: ast.AST) -> Iterator[int]:
    """For each block the number of its statements that end it too early."""
    for node in ast.walk(scope):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                yield sum(isinstance(statement, _LEAVES) for statement in block[:-1])
