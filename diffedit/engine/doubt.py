"""How doubtful a line of Python is where it stands: what a linter would say of its function.

Names that nothing has given a value, names that nobody uses, lines that are never come to or do
nothing: one candidate for a gap brings them about, another does not.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from diffedit.engine import tree

NATS = 4.0
"""What one such fault weighs against a candidate's likelihood; chosen on validation cases."""

_Scope = ast.Module | tree.FunctionNode
Outside = dict[tuple[str, ...], set[str]]
"""Names that stand around a function, by the function's name and the rows around it."""
_LEAVES = ast.Return | ast.Raise | ast.Break | ast.Continue


def faults(page: str, line: int, outside: Outside | None = None) -> int | None:
    """How many faults the innermost function around a line (from 1) has; None: it is no Python.

    Where the page is unfinished elsewhere, or only a part of a file, the function is looked at
    alone, and every word of the page outside it may be a name. `outside` is for calls about the
    same place: what they find of the page around the function is walked once.
    """
    whole, rows = tree.parse(page), page.split("\n")
    if whole is not None:
        scope = _around(whole, line)
        return _count(scope, _inside(scope) | _found(whole, scope, rows, outside))
    own, first = _function(rows, line)
    alone = tree.parse(own) if own else None
    if alone is None:
        return None
    others = (*rows[:first], *rows[first + own.count("\n") + 1 :])
    said = re.findall(r"[A-Za-z_]\w*", "\n".join(others))
    scope = _around(alone, line - first)
    return _count(scope, {*said, *_inside(scope), *_outside(alone, scope)})


def stands(page: str, line: int) -> bool:
    """Whether the innermost function around a line (from 1) compiles, or the page without one."""
    own, _ = _function(page.split("\n"), line)
    return tree.compiles(own or page)


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
    # The row may be indented like a part of a function that is over.
    return (textwrap.dedent("\n".join(rows[first:end])), first) if line <= end else ("", 0)


def _depth(row: str) -> int:
    return len(row) - len(row.lstrip())


def _count(scope: _Scope, known: set[str]) -> int:
    """The faults of a function; `known` are the names of its page."""
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
    early = set(_too_early(scope, arguments)) | _never_set(scope, arguments)
    idle = sum(_idle(node) for node in ast.walk(scope))
    found = len(unused) + len((loaded - known) | early) + sum(_unreached(scope)) + idle
    return found + _endless(scope)


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


def _inside(scope: _Scope) -> set[str]:
    """The names that mean something in a scope: Python's own, and those that it gives itself."""
    known = {*dir(builtins), "__file__", "__name__", "__class__", *_bound(ast.walk(scope))}
    return known.union(*(node.names for node in ast.walk(scope) if isinstance(node, ast.Global)))


def _outside(whole: ast.Module, scope: _Scope) -> set[str]:
    """The names that the page around a scope gives to it."""
    known = set(_bound(_level(whole)))
    for node in ast.walk(whole):
        if isinstance(node, ast.Global):
            if isinstance(scope, ast.Module) or not _within(node, scope):
                known.update(node.names)
        elif isinstance(node, tree.FunctionNode):
            if _around_it(node, scope):
                known.update(_bound(_level(node)))
            elif node is not scope and not _around_it(scope, node):
                # What others rely on is there, if only above what is shown of a file.
                known.update(_names(node, ast.Load).difference(_bound(ast.walk(node))))
    return known


def _found(
    whole: ast.Module, scope: _Scope, rows: Sequence[str], outside: Outside | None
) -> set[str]:
    """`_outside`, looked up where the page around the scope is one that was walked before."""
    if outside is None or isinstance(scope, ast.Module):
        return _outside(whole, scope)
    end = scope.end_lineno or scope.lineno
    key = (scope.name, *rows[: scope.lineno - 1], "", *rows[end:])
    if key not in outside:
        outside[key] = _outside(whole, scope)
    return outside[key]


def _within(node: ast.stmt, scope: tree.FunctionNode) -> bool:
    return scope.lineno <= node.lineno <= (scope.end_lineno or 0)


def _around_it(node: _Scope, scope: _Scope) -> bool:
    if isinstance(scope, ast.Module) or isinstance(node, ast.Module):
        return False
    return node.lineno < scope.lineno and (scope.end_lineno or 0) <= (node.end_lineno or 0)


def _level(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without what is within its functions and classes."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, tree.FunctionNode | ast.ClassDef | ast.Lambda):
            yield from _level(node)


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Every name that these nodes give to something."""
    for node in nodes:
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


def _too_early(scope: _Scope, arguments: set[str]) -> Iterator[str]:
    """The function's own names that are used in rows before any that sets them, and in no loop."""
    if isinstance(scope, ast.Module):
        return
    first: dict[str, int] = {}
    level = [node for node in _level(scope) if isinstance(node, ast.Name)]
    for node in level:
        if not isinstance(node.ctx, ast.Load):
            first[node.id] = min(node.lineno, first.get(node.id, node.lineno))
    loops = [node for node in ast.walk(scope) if isinstance(node, ast.For | ast.While)]
    for node in level:
        early = isinstance(node.ctx, ast.Load) and node.lineno < first.get(node.id, 0)
        if (
            early
            and node.id not in arguments
            and not any(loop.lineno <= node.lineno <= (loop.end_lineno or 0) for loop in loops)
        ):
            yield node.id


def _never_set(scope: _Scope, arguments: set[str]) -> set[str]:
    """The function's own names that are only added to: there is nothing to add to."""
    if isinstance(scope, ast.Module):
        return set()
    level = list(_level(scope))
    added = [
        node.target
        for node in level
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    ]
    outside = (node.names for node in level if isinstance(node, ast.Global | ast.Nonlocal))
    stored = _bound(node for node in level if node not in added)
    return {target.id for target in added}.difference(arguments, stored, *outside)


def _endless(scope: _Scope) -> int:
    """How often a function calls itself with the very arguments that it was called with."""
    if isinstance(scope, ast.Module):
        return 0
    given = [one.arg for one in (*scope.args.posonlyargs, *scope.args.args)]
    if given[:1] in (["self"], ["cls"]):
        given = given[1:]
    if not given or _names(scope, ast.Store).intersection(given):
        return 0
    return sum(
        ast.unparse(node.func).removeprefix("self.") == scope.name
        and not node.keywords
        and [ast.unparse(one) for one in node.args] == given
        for node in ast.walk(scope)
        if isinstance(node, ast.Call)
    )


def _idle(node: ast.AST) -> bool:
    """Whether a statement only works something out, and nobody sees it."""
    return isinstance(node, ast.Expr) and isinstance(
        node.value, ast.Compare | ast.BinOp | ast.BoolOp | ast.UnaryOp | ast.Name | ast.Subscript
    )


def _unreached(scope: ast.AST) -> Iterator[int]:
    """For each block the number of its statements that end it too early."""
    for node in ast.walk(scope):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list):
                yield sum(isinstance(statement, _LEAVES) for statement in block[:-1])
