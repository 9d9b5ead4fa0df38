"""Type hints in a syntax tree: whether they are all there, and whether they can be meant."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import typing
from collections.abc import Iterator, Sequence

from diffedit.engine.tree import FunctionNode, all_arguments

_KNOWN = {*dir(builtins), *typing.__all__, *collections.abc.__all__}
_PLAIN = {"int", "str", "float", "bool", "bytes", "list", "dict", "tuple"}


def complete(function: FunctionNode) -> bool:
    """Whether what it takes and returns has hints; self, cls and stars may lack them."""
    spec = function.args
    bare = [one for one in all_arguments(function) if one.annotation is None]
    spared = [spec.vararg, spec.kwarg, *(one for one in bare[:1] if one.arg in {"self", "cls"})]
    return function.returns is not None and all(one in spared for one in bare)


def believable(page: ast.AST, functions: Sequence[FunctionNode]) -> bool:
    """Whether their hints speak of types that the page knows, none contradicting its default."""
    known = _KNOWN | _bound(page)
    for function in functions:
        arguments = (one.annotation for one in all_arguments(function))
        for hint in (function.returns, *arguments):
            if hint is not None and not _sensible(hint, known):
                return False
    return not any(_contradicts(function) for function in functions)


def _bound(page: ast.AST) -> set[str]:
    """The names that the page gives to something."""

    def names() -> Iterator[str]:
        for node in ast.walk(page):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Import | ast.ImportFrom):
                yield from ((one.asname or one.name).split(".")[0] for one in node.names)

    return set(names())


def _sensible(hint: ast.expr, known: set[str]) -> bool:
    # A module that the page does not show may be meant: `io.StringIO`, say.
    modules = {id(n.value) for n in ast.walk(hint) if isinstance(n, ast.Attribute)}
    for node in ast.walk(hint):
        if isinstance(node, ast.Name) and node.id not in known and id(node) not in modules:
            return False
        if isinstance(node, ast.Call | ast.Lambda | ast.Compare | ast.NamedExpr):
            return False
    return True


def _contradicts(function: FunctionNode) -> bool:
    """Whether a hint is a plain type and its default a constant of another one (None aside)."""
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    pairs = [
        *zip(reversed(positional), reversed(spec.defaults), strict=False),
        *zip(spec.kwonlyargs, spec.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        hint = argument.annotation
        if isinstance(hint, ast.Name) and isinstance(default, ast.Constant):
            kind = type(default.value).__name__
            accepted = {kind, "object", "Any", *({"float"} if kind == "int" else set())}
            if hint.id in _PLAIN and default.value is not None and hint.id not in accepted:
                return True
    return False
