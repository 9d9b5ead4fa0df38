"""Edits of style made from a function: what is said the long way, to be said in short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from diffedit.cases.case import Case, Kind
from diffedit.cases.edit import case
from diffedit.cases.folding import bound, comprehended, percent_parts
from diffedit.cases.source import Function
from diffedit.engine.tree import has_name

_OPENS = re.compile(r"(\w+\.)*(\w*open|fdopen|closing|socket|TemporaryFile)$")


def _lines(function: Function, first: int, last: int) -> tuple[int, int]:
    """Lines first to last of the page, both in, as lines of the function's text."""
    above = function.before.count("\n") + 1
    return first - above, last - above + 1


def _rows(function: Function, first: int, last: int) -> tuple[int, int]:
    """Where lines first to last of the page begin and end, without the last newline."""
    return function.place(first, 0), function.place(last + 1, 0) - 1


def _statement_lists(function: Function) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(function.node):
        for field in ("body", "orelse", "finalbody"):
            row = getattr(node, field, None)
            if isinstance(row, list):
                yield row


def _alone(function: Function, node: ast.stmt) -> bool:
    """Whether the statement's lines hold nothing else, no comment either."""
    start, end = _rows(function, node.lineno, node.end_lineno or node.lineno)
    lines = function.page[start:end]
    return lines.strip() == function.source(node).strip() and "#" not in lines


# with ------------------------------------------------------------------------------------------


def with_statement(function: Function) -> Case | None:
    """A `with open(…)` written out with `close()`, in a `finally` or, if safe, without."""
    for node in ast.walk(function.node):
        if not isinstance(node, ast.With) or len(node.items) != 1:
            continue
        item = node.items[0]
        opened, name = item.context_expr, item.optional_vars
        if not isinstance(opened, ast.Call) or not isinstance(name, ast.Name):
            continue
        if not _OPENS.fullmatch(ast.unparse(opened.func)) or node.body[0].lineno == node.lineno:
            continue
        if (
            node.end_lineno is None
            or node.body[0].lineno != (item.context_expr.end_lineno or 0) + 1
        ):
            continue
        return _written_out(function, node, function.source(opened), name.id)
    return None


def _written_out(function: Function, node: ast.With, opened: str, name: str) -> Case:
    indent = " " * node.col_offset
    first, last = node.body[0].lineno, node.end_lineno or 0
    start, _ = _rows(function, node.lineno, node.lineno)
    body, end = _rows(function, first, last)
    inside = function.page[body:end]
    leaves = any(
        isinstance(n, ast.Return | ast.Raise | ast.Break | ast.Continue | ast.Yield)
        for n in ast.walk(node)
    )
    if leaves or "\n" in inside:
        middle = f"{indent}try:\n{inside}\n{indent}finally:\n{indent}    {name}.close()"
    else:
        middle = f"{indent}{inside.strip()}\n{indent}{name}.close()"
    text = function.edited((start, end, f"{indent}{name} = {opened}\n{middle}"))
    grown = text.count("\n") - function.text.count("\n")
    lines = _lines(function, node.lineno, last)
    return case(
        "with_statement", function, text, function.text, region=(lines[0], lines[1] + grown)
    )


# f-strings -------------------------------------------------------------------------------------


def f_string(function: Function) -> Case | None:
    """Up to three `"…%s…" % x`, each on its line, and the f-strings that they could be."""
    edits, lines = [], []
    for node in ast.walk(function.node):
        parts = percent_parts(node)
        if parts is None or not isinstance(node, ast.BinOp):
            continue
        written = _f_string(function, node, parts)
        if written is None:
            return None
        edits.append((function.start(node), function.end(node), written))
        lines.append(node.lineno)
    if not 1 <= len(edits) <= 3:
        return None
    region = _lines(function, min(lines), max(lines))
    return case("f_string", function, function.text, function.edited(*edits), region=region)


def _f_string(function: Function, node: ast.BinOp, parts: list[ast.expr]) -> str | None:
    if node.lineno != node.end_lineno or function.source(node.left)[0] not in "'\"":
        return None
    written = ""
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            if '"' in part.value:
                return None
            # With a ' in it, a text is shown between ": what stands between two of our own.
            written += repr(f"'{part.value}")[2:-1].replace("{", "{{").replace("}", "}}")
        elif isinstance(part, ast.FormattedValue):
            inside = function.source(part.value)
            if set('"\\#{}!:\n').intersection(inside) or isinstance(part.value, ast.Tuple):
                return None
            written += f"{{{inside}!r}}" if part.conversion == ord("r") else f"{{{inside}}}"
    return f'f"{written}"'


# Comprehensions --------------------------------------------------------------------------------

_STARTS = {ast.ListComp: ("[]", "append"), ast.SetComp: ("set()", "add"), ast.DictComp: ("{}", "")}


def comprehension(function: Function) -> Case | None:
    """A loop that gathers: one that stands there, or a comprehension written out."""
    for row in _statement_lists(function):
        for number, statement in enumerate(row):
            found = _unrolled(function, statement)
            if found is None and number:
                found = _rolled(function, row[number - 1], statement)
            if found is not None:
                return found
    return None


def _rolled(function: Function, first: ast.stmt, loop: ast.stmt) -> Case | None:
    """A loop of the original's own, with the comprehension as its answer."""
    made = comprehended(first, loop)
    pair = bound(first)
    if made is None or pair is None or not isinstance(loop, ast.For):
        return None
    last = loop.end_lineno or loop.lineno
    start, end = _rows(function, first.lineno, last)
    outside = function.page[:start] + function.page[end:]
    if "#" in function.page[start:end] or _leaks(loop, outside):
        return None
    new = f"{' ' * first.col_offset}{pair[0]} = {ast.unparse(made)}"
    answer = function.edited((start, end, new))
    region = _to_return(function.text, _lines(function, first.lineno, last), pair[0])
    return case("comprehension", function, function.text, answer, region=region)


def _to_return(text: str, region: tuple[int, int], name: str) -> tuple[int, int]:
    """The region with a `return name` right after it: to return at once belongs to the ask."""
    first, last = region
    after = text.split("\n")[last : last + 1]
    return first, last + ([line.strip() for line in after] == [f"return {name}"])


def _leaks(loop: ast.For, outside: str) -> bool:
    """Whether a loop variable is spoken of elsewhere: there it would be missing."""
    names = [n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)]
    return any(re.search(rf"\b{name}\b", outside) for name in names)


def _unrolled(function: Function, statement: ast.stmt) -> Case | None:
    """A comprehension of the original's, written out as a loop."""
    pair = bound(statement)
    returned = isinstance(statement, ast.Return)
    value = statement.value if isinstance(statement, ast.Return) else pair[1] if pair else None
    name = pair[0] if pair else "result"
    if not isinstance(value, ast.ListComp | ast.SetComp | ast.DictComp):
        return None
    if (
        len(value.generators) != 1
        or value.generators[0].is_async
        or not _alone(function, statement)
    ):
        return None
    if has_name(value, name) or (returned and has_name(function.node, name)):
        return None
    start, end = _rows(function, statement.lineno, statement.end_lineno or 0)
    names = [n.id for n in ast.walk(value.generators[0].target) if isinstance(n, ast.Name)]
    outside = function.page[:start] + function.page[end:]
    if any(re.search(rf"\b{target}\b", outside) for target in names):
        return None
    indent = " " * statement.col_offset
    lines = _loop(function, value, name)
    lines += [f"return {name}"] if returned else []
    text = function.edited((start, end, "\n".join(indent + line for line in lines)))
    first = _lines(function, statement.lineno, statement.lineno)[0]
    region = _to_return(text, (first, first + len(lines)), name)
    kind: Kind = "comprehension"
    return case(kind, function, text, function.text, region=region)


def _loop(
    function: Function, value: ast.ListComp | ast.SetComp | ast.DictComp, name: str
) -> list[str]:
    """The loop that gathers what the comprehension does, line by line."""

    def said(node: ast.expr) -> str:
        return " ".join(function.source(node).split())

    generator = value.generators[0]
    empty, method = _STARTS[type(value)]
    lines = [f"{name} = {empty}", f"for {said(generator.target)} in {said(generator.iter)}:"]
    depth = 1
    for test in generator.ifs:
        lines.append(f"{'    ' * depth}if {said(test)}:")
        depth += 1
    if isinstance(value, ast.DictComp):
        gathered = f"{name}[{said(value.key)}] = {said(value.value)}"
    else:
        gathered = f"{name}.{method}({said(value.elt)})"
    return [*lines, f"{'    ' * depth}{gathered}"]
