"""Syntax trees compared: what is the same code but for its hints, its docstring, its names."""

from __future__ import annotations

import ast
import contextlib
import io
import tokenize
import warnings
from collections.abc import Iterator

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

LONGEST = 50_000
"""Text longer than this is no answer to a small edit, and not worth a parser's stack."""


def parse(text: str) -> ast.Module | None:
    """The tree; None where the text is no Python."""
    if len(text) > LONGEST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def compiles(text: str) -> bool:
    """Whether the text is Python that could run: a `return` of no function parses, too."""
    whole = parse(text)
    if whole is None:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(whole, "<page>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def dump(node: ast.AST) -> str:
    """The tree without places: equal for equal code."""
    return ast.dump(node)


def comments(text: str) -> list[str]:
    """All comments, sorted; as far as the text can be read."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    found: list[str] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(token.string for token in tokens if token.type == tokenize.COMMENT)
    return sorted(found)


def named(tree: ast.AST, name: str) -> list[FunctionNode]:
    """The functions of that (bare) name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
    ]


def has_name(node: ast.AST, name: str) -> bool:
    """Whether `name` is read or written anywhere in the node."""
    return any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(node))


# Hints and docstrings --------------------------------------------------------------------------


def all_arguments(function: FunctionNode | ast.Lambda) -> Iterator[ast.arg]:
    """Every parameter, in order, with * and **."""
    spec = function.args
    yield from spec.posonlyargs
    yield from spec.args
    if spec.vararg:
        yield spec.vararg
    yield from spec.kwonlyargs
    if spec.kwarg:
        yield spec.kwarg


class _Unhinted(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        for argument in all_arguments(node):
            argument.annotation = None
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.Assign(targets=[node.target], value=node.value)


def without_hints(tree: ast.Module) -> str:
    """The dump with no type hints in it."""
    return dump(_Unhinted().visit(tree))


def without_docstring(tree: ast.Module, name: str) -> str:
    """The dump with the docstring of the function `name` taken out."""
    for function in named(tree, name):
        if ast.get_docstring(function, clean=False) is not None:
            del function.body[0]
    return dump(tree)


def hints(tree: ast.AST, name: str) -> list[ast.expr]:
    """All annotations of the functions of that name."""
    return [
        hint
        for function in named(tree, name)
        for hint in (function.returns, *(a.annotation for a in all_arguments(function)))
        if hint is not None
    ]


# Names -----------------------------------------------------------------------------------------


def blurred(tree: ast.Module, old: str, new: str) -> str:
    """The dump with both names made one: equal where only they were exchanged."""
    for node in ast.walk(tree):
        for field in ("id", "arg"):
            if getattr(node, field, None) in {old, new}:
                setattr(node, field, "_")
    return dump(tree)
