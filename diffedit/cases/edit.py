"""Mechanical edits made from a function: repair, rename, hints and docstrings, there and away."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from typing import Any

from diffedit.cases.case import Case, Kind, number_of, pick
from diffedit.cases.source import Function
from diffedit.engine.tree import all_arguments, parse

ASKS: dict[Kind, tuple[str, ...]] = {
    "repair": ("fix the syntax error", "this does not parse, fix it", "repair the syntax"),
    "rename": ("rename {old} to {new}", "rename the variable {old} to {new}"),
    "add_hints": ("add type hints", "annotate the parameters and the return type"),
    "remove_hints": ("remove the type hints", "remove all type annotations"),
    "add_docstring": ("add a docstring", "write a short docstring"),
    "remove_docstring": ("remove the docstring", "delete the docstring"),
    "with_statement": ("use a with statement", "rewrite this with a with statement"),
    "f_string": ("use f-strings", "use an f-string instead of % formatting"),
    "comprehension": ("make it a comprehension", "use a comprehension instead of the loop"),
}
"""What a person would type, by kind; a case takes one of them."""

NEW_NAMES = (
    *("value", "items", "total", "entry", "current", "chunk", "amount", "source"),
    *("target", "label", "record", "pieces", "offset", "outcome", "buffer"),
)

_INTS = {"n", "i", "j", "k", "count", "size", "length", "index", "width", "start", "stop", "depth"}
_TEXTS = {"s", "text", "name", "path", "line", "filename", "string", "key", "prefix", "msg", "fmt"}


def ask(kind: Kind, function: Function, **words: str) -> str:
    """The instruction for this case: always the same for the same function."""
    chosen = pick(ASKS[kind], "ask", kind, function.module, function.name)
    return chosen.format(**words)


def case(kind: Kind, function: Function, text: str, answer: str, **more: Any) -> Case:
    """The case in which `text` stands in the function's place and `answer` is wanted."""
    words = {name: more[name] for name in ("old", "new") if name in more}
    return Case(
        name=f"{kind}/{function.module}/{function.name}",
        kind=kind,
        before=function.before,
        text=text,
        after=function.after,
        instruction=ask(kind, function, **words),
        answer=answer,
        function=function.node.name,
        **more,
    )


# Repair ----------------------------------------------------------------------------------------


def repair(function: Function) -> Case | None:
    """One bracket, quote, colon or comma deleted or doubled, so that it does not parse."""
    marks = list(all_marks(function))
    marks.sort(key=lambda mark: number_of("mark", function.module, function.name, str(mark)))
    for place, sign, doubled in marks[:20]:
        new = sign * 2 if doubled else ""
        text = function.edited((place, place + 1, new))
        if parse(function.before + text + function.after) is None:
            line = function.page[len(function.before) : place].count("\n")
            return case("repair", function, text, function.text, region=(line, line + 1))
    return None


def all_marks(function: Function) -> Iterator[tuple[int, str, bool]]:
    """Places of brackets, quotes, colons and commas; each to be deleted, and to be doubled."""
    inside = range(len(function.before), len(function.before) + len(function.text))
    for token in tokenize.generate_tokens(io.StringIO(function.page).readline):
        place = function.place(*token.start)
        if token.type == tokenize.STRING and re.fullmatch(r"(['\"]).*\1", token.string):
            if not token.string.startswith(('"""', "'''")):
                place += len(token.string) - 1
        elif token.type != tokenize.OP or token.string not in set("()[]{},:"):
            continue
        if place in inside:
            yield place, function.page[place], False
            yield place, function.page[place], True


# Rename ----------------------------------------------------------------------------------------


def rename(function: Function) -> Case | None:
    """A local name with another one in its place, wherever it stands for the same thing."""
    names = sorted(
        local_names(function),
        key=lambda name: number_of("name", function.module, function.name, name),
    )
    for old in names:
        places = places_of(function, old)
        if not 3 <= len(places) <= 12 or len(re.findall(rf"\b{old}\b", function.page)) != len(
            places
        ):
            # It is said elsewhere, too: in a comment, a string, an attribute. Another one, then.
            continue
        fresh = tuple(n for n in NEW_NAMES if not re.search(rf"\b{n}\b", function.page))
        if not fresh:
            return None
        new = pick(fresh, "new", function.module, function.name, old)
        answer = function.edited(*((place, place + len(old), new) for place in places))
        return case("rename", function, function.text, answer, old=old, new=new)
    return None


def local_names(function: Function) -> set[str]:
    """Names that the function binds and nothing outside it can see."""
    bound = {argument.arg for argument in all_arguments(function.node)}
    shared = {"self", "cls"}
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared.update(node.names)
    return {name for name in bound - shared if len(name) > 1 and not keyword.iskeyword(name)}


def places_of(function: Function, name: str) -> list[int]:
    """Where the name stands in the function, as a variable or a parameter."""
    return [
        function.start(node)
        for node in ast.walk(function.node)
        if (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.arg) and node.arg == name)
    ]


# Hints -----------------------------------------------------------------------------------------


def add_hints(function: Function) -> Case | None:
    """A function without hints, and one way to hint it."""
    hinted = _hinted(function)
    return case("add_hints", function, function.text, hinted) if hinted else None


def remove_hints(function: Function) -> Case | None:
    """The same function with hints, to be rid of them."""
    hinted = _hinted(function)
    return case("remove_hints", function, hinted, function.text) if hinted else None


def _hinted(function: Function) -> str | None:
    """The function with plain hints; None where it has some, or nothing to hint."""
    arguments = list(all_arguments(function.node))
    if function.node.returns or any(a.annotation for a in arguments):
        return None
    if any(isinstance(node, ast.AnnAssign) for node in ast.walk(function.node)):
        return None
    edits = []
    defaults = _defaults(function.node)
    hidden = {"self", "cls", "mcls", "metacls"}
    for number, argument in enumerate(arguments):
        if argument.arg in hidden or (function.method and number == 0):
            continue
        default = defaults.get(argument.arg)
        end = function.end(argument)
        edits.append((end, end, f": {_guess(argument.arg, default)}"))
        if default is not None and function.page[end : function.start(default)] == "=":
            edits[-1] = (end, end + 1, f"{edits[-1][2]} = ")
        elif default is not None:
            return None
    colon = _signature_end(function)
    if not edits or colon is None:
        return None
    return function.edited(*edits, (colon, colon, f" -> {_returned(function.node)}"))


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, ast.expr]:
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    found = dict(
        zip(
            (a.arg for a in positional[len(positional) - len(spec.defaults) :]),
            spec.defaults,
            strict=True,
        )
    )
    for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            found[argument.arg] = default
    return found


def _guess(name: str, default: ast.expr | None) -> str:
    """A hint that a reader would believe."""
    if isinstance(default, ast.Constant):
        return "object" if default.value is None else type(default.value).__name__
    if name in _INTS:
        return "int"
    return "str" if name in _TEXTS else "object"


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    values = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
    generator = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in ast.walk(node))
    if generator or values:
        kinds = {type(v.value).__name__ for v in values if isinstance(v, ast.Constant)}
        if not generator and len(kinds) == 1 and all(isinstance(v, ast.Constant) for v in values):
            return kinds.pop().replace("NoneType", "None")
        return "object"
    return "None"


def _signature_end(function: Function) -> int | None:
    """The place of the colon that ends the signature."""
    depth, started = 0, False
    for token in tokenize.generate_tokens(io.StringIO(function.page).readline):
        place = function.place(*token.start)
        if place < function.start(function.node) or token.type != tokenize.OP:
            continue
        depth += (token.string in "([{") - (token.string in ")]}")
        started = started or token.string == "("
        if started and depth == 0 and token.string == ":":
            return place
    return None


# Docstrings ------------------------------------------------------------------------------------


def add_docstring(function: Function) -> Case | None:
    """A function that has lost its docstring."""
    bare = without_docstring_lines(function)
    return case("add_docstring", function, bare, function.text) if bare else None


def remove_docstring(function: Function) -> Case | None:
    """A function that is to lose its docstring."""
    bare = without_docstring_lines(function)
    return case("remove_docstring", function, function.text, bare) if bare else None


def without_docstring_lines(function: Function) -> str | None:
    """The text with the docstring's lines taken out, and the blank ones after it."""
    body = function.node.body
    if ast.get_docstring(function.node) is None or len(body) < 2:
        return None
    first, rest = body[0], body[1]
    start = function.place(first.lineno, 0)
    between = function.page[function.end(first) : function.place(rest.lineno, 0)]
    if between.strip() or function.page[start : function.start(first)].strip():
        # A comment or a statement shares its lines.
        return None
    return function.edited((start, function.place(rest.lineno, 0), ""))
