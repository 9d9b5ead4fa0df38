"""One form for two ways to say it: `with`, f-strings and comprehensions, folded from the long way.

Each class folds the long form into the short one and counts how often it did. Two texts that fold
to the same tree do the same; a text in which nothing is left to fold says it in the short way.
"""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Sequence

from diffedit.engine.tree import dump, has_name

_PERCENT = re.compile(r"%(?:%|([srd]))")


class Folder(ast.NodeTransformer):
    """What the three have in common: statements are looked at in their rows."""

    def __init__(self) -> None:
        self.folded = 0
        """How often the long form was found."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Fold below first, then the rows of this node."""
        super().visit(node)
        for field in ("body", "orelse", "finalbody"):
            row = getattr(node, field, None)
            if isinstance(row, list) and row:
                setattr(node, field, self.fold(row))
        return self.one(node)

    def fold(self, row: list[ast.stmt]) -> list[ast.stmt]:
        """The row of statements in the short form."""
        return row

    def one(self, node: ast.AST) -> ast.AST:
        """The node in the short form."""
        return node


def folded(folder: Folder, tree: ast.Module) -> tuple[str, int]:
    """The dump of the folded tree, and how often the long form was found."""
    return dump(folder.visit(tree)), folder.folded


def bound(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the value of `name = value`."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        return (target.id, value) if isinstance(target, ast.Name) else None
    return None


# with ------------------------------------------------------------------------------------------


class Withs(Folder):
    """`f = open(…)` with `try: … finally: f.close()`, or with `f.close()` at the end."""

    def fold(self, row: list[ast.stmt]) -> list[ast.stmt]:
        """Every such row becomes a `with`; what does not need the file stands after it."""
        for number, statement in enumerate(row):
            if (pair := bound(statement)) and (found := _closed(row[number + 1 :], pair[0])):
                name, value = pair
                inside, used = found
                self.folded += 1
                after = self.fold(row[number + 1 + used :])
                return [*row[:number], *_with(name, value, inside), *after]
        return [done for statement in row for done in _hoisted(statement)]


def _closed(row: Sequence[ast.stmt], name: str) -> tuple[list[ast.stmt], int] | None:
    """The statements until `name` is closed, and how many of the row that took."""
    first = row[0] if row else None
    if isinstance(first, ast.Try) and not first.handlers and not first.orelse:
        return (
            (first.body, 1)
            if len(first.finalbody) == 1 and _closes(first.finalbody[0], name)
            else None
        )
    for number, statement in enumerate(row):
        if _closes(statement, name):
            return (list(row[:number]), number + 1) if number else None
        if (pair := bound(statement)) and pair[0] == name:
            return None
    return None


def _closes(statement: ast.stmt, name: str) -> bool:
    return isinstance(statement, ast.Expr) and dump(statement.value) == dump(
        ast.Call(
            func=ast.Attribute(
                value=ast.Name(id=name, ctx=ast.Load()), attr="close", ctx=ast.Load()
            ),
            args=[],
            keywords=[],
        )
    )


def _with(name: str, value: ast.expr, inside: list[ast.stmt]) -> list[ast.stmt]:
    item = ast.withitem(context_expr=value, optional_vars=ast.Name(id=name, ctx=ast.Store()))
    return _hoisted(ast.With(items=[item], body=inside))


def _hoisted(statement: ast.stmt) -> list[ast.stmt]:
    """A `with` and, after it, its last statements that do not mention what it opened."""
    if not isinstance(statement, ast.With) or len(statement.items) != 1:
        return [statement]
    item = statement.items[0]
    if _is_call(item.context_expr, "closing") and isinstance(item.context_expr, ast.Call):
        item.context_expr = item.context_expr.args[0]
    if not isinstance(item.optional_vars, ast.Name):
        return [statement]
    inside, after = list(statement.body), list[ast.stmt]()
    while len(inside) > 1 and not has_name(inside[-1], item.optional_vars.id):
        after.insert(0, inside.pop())
    return [ast.With(items=[item], body=inside), *after]


def _is_call(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return False
    return name in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}


def _called(node: ast.AST) -> str:
    """The name that is called, by itself and with one argument; or "" for anything else."""
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else ""


# f-strings -------------------------------------------------------------------------------------


class FStrings(Folder):
    """`"…%s…" % x` and `"…{}…".format(x)`, where the text is there and the fields are plain."""

    def one(self, node: ast.AST) -> ast.AST:
        """An f-string for every form of it."""
        parts = percent_parts(node) or format_parts(node)
        if parts is not None:
            self.folded += 1
            return _joined(parts)
        if isinstance(node, ast.JoinedStr):
            return _joined(list(node.values))
        return node


def percent_parts(node: ast.AST) -> list[ast.expr] | None:
    """The parts of `"…%s…" % …`; None where it is none, or not a plain one."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mod):
        return None
    left, right = node.left, node.right
    if not isinstance(left, ast.Constant) or not isinstance(left.value, str):
        return None
    if isinstance(right, ast.Dict) or "%" in _PERCENT.sub("", left.value):
        return None
    values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
    parts: list[ast.expr] = []
    last = 0
    for match in _PERCENT.finditer(left.value):
        parts.append(ast.Constant(left.value[last : match.start()]))
        last = match.end()
        if match.group(1) is None:
            parts.append(ast.Constant("%"))
            continue
        if not values or isinstance(values[0], ast.Starred):
            return None
        parts.append(_field(values.pop(0), "r" if match.group(1) == "r" else ""))
    parts.append(ast.Constant(left.value[last:]))
    return None if values else parts


def format_parts(node: ast.AST) -> list[ast.expr] | None:
    """The parts of `"…{}…".format(…)`; None where it is none, or not a plain one."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    text = node.func.value
    if node.func.attr != "format" or not isinstance(text, ast.Constant):
        return None
    if not isinstance(text.value, str) or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    given = {str(number): value for number, value in enumerate(node.args)}
    given |= {keyword.arg or "**": keyword.value for keyword in node.keywords}
    parts: list[ast.expr] = []
    try:
        for number, (literal, field, spec, conversion) in enumerate(
            piece for piece in string.Formatter().parse(text.value)
        ):
            parts.append(ast.Constant(literal))
            if field is not None:
                if "{" in (spec or ""):
                    return None
                parts.append(_field(given[field or str(number)], conversion or "", spec or ""))
    except (ValueError, KeyError):
        return None
    return parts


def _field(value: ast.expr, conversion: str, spec: str = "") -> ast.FormattedValue:
    wanted = ast.Constant(spec) if spec else None
    return ast.FormattedValue(value, ord(conversion) if conversion else -1, wanted)


def _joined(parts: list[ast.expr]) -> ast.expr:
    """The f-string in one form: texts merged, `repr(x)` is `!r`, `str(x)` and `:d` are nothing."""
    merged: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.FormattedValue):
            merged.append(_plain_field(part))
            continue
        last = merged[-1] if merged else None
        if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
            merged[-1] = ast.Constant(str(last.value) + str(part.value))
        elif not isinstance(part, ast.Constant) or part.value:
            merged.append(part)
    if all(isinstance(part, ast.Constant) for part in merged):
        return merged[0] if merged else ast.Constant("")
    return ast.JoinedStr(merged)


def _plain_field(field: ast.FormattedValue) -> ast.FormattedValue:
    value, conversion, spec = field.value, field.conversion, field.format_spec
    if conversion in {-1, ord("s")}:
        conversion = -1
        called = _called(value)
        if called in {"repr", "str"} and isinstance(value, ast.Call):
            conversion = ord("r") if called == "repr" else -1
            value = value.args[0]
    if isinstance(spec, ast.Constant) and spec.value in {"d", "s"}:
        # A spec without fields was folded into its text, as every f-string without fields is.
        spec = None
    return ast.FormattedValue(value, conversion, spec)


# Comprehensions --------------------------------------------------------------------------------

_EMPTY = {"[]": "append", "list()": "append", "set()": "add", "{}": "", "dict()": ""}


class Comprehensions(Folder):
    """`x = []` with `for …: x.append(…)`, and its like for sets and dicts."""

    def fold(self, row: list[ast.stmt]) -> list[ast.stmt]:
        """Every such pair becomes one assignment; one that is returned at once is only returned."""
        done: list[ast.stmt] = []
        for statement in row:
            made = comprehended(done[-1], statement) if done else None
            pair = bound(done[-1]) if done else None
            if made is not None and pair is not None:
                self.folded += 1
                target = ast.Name(id=pair[0], ctx=ast.Store())
                done[-1] = ast.Assign(targets=[target], value=_one_form(made))
            elif pair and _is_comprehension(pair[1]) and _returns(statement, pair[0]):
                done[-1] = ast.Return(value=pair[1])
            else:
                done.append(statement)
        return done

    def one(self, node: ast.AST) -> ast.AST:
        """Every comprehension with the same names, however it is written."""
        if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
            inner = node.args[0]
            called = node.func.id if isinstance(node.func, ast.Name) else ""
            if isinstance(inner, ast.ListComp | ast.GeneratorExp) and called in {"list", "set"}:
                shape = ast.ListComp if called == "list" else ast.SetComp
                return _one_form(shape(inner.elt, inner.generators))
        return _one_form(node) if isinstance(node, ast.expr) else node


def comprehended(first: ast.stmt, loop: ast.stmt) -> ast.expr | None:
    """The comprehension that an empty start and a loop right after it amount to."""
    pair = bound(first)
    if pair is None or ast.unparse(pair[1]) not in _EMPTY:
        return None
    name, method = pair[0], _EMPTY[ast.unparse(pair[1])]
    generators: list[ast.comprehension] = []
    inner = loop
    while True:
        if isinstance(inner, ast.For) and not inner.orelse and len(inner.body) == 1:
            generators.append(ast.comprehension(inner.target, inner.iter, [], 0))
        elif isinstance(inner, ast.If) and not inner.orelse and len(inner.body) == 1 and generators:
            generators[-1].ifs.append(inner.test)
        else:
            break
        inner = inner.body[0]
    made = _gathered(inner, name, method, generators) if generators else None
    return None if made is None or has_name(made, name) else made


def _gathered(
    statement: ast.stmt, name: str, method: str, generators: list[ast.comprehension]
) -> ast.expr | None:
    """What the innermost statement of the loop gathers."""
    if method and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        wanted = ast.unparse(call.func) == f"{name}.{method}"
        if (
            not wanted
            or len(call.args) != 1
            or call.keywords
            or isinstance(call.args[0], ast.Starred)
        ):
            return None
        shape = ast.ListComp if method == "append" else ast.SetComp
        return shape(call.args[0], generators)
    if not method and isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == name:
            return ast.DictComp(target.slice, statement.value, generators)
    return None


def _is_comprehension(node: ast.AST) -> bool:
    return isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp)


def _returns(statement: ast.stmt, name: str) -> bool:
    value = statement.value if isinstance(statement, ast.Return) else None
    return isinstance(value, ast.Name) and value.id == name


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(id=self._names.get(node.id, node.id), ctx=node.ctx)


def _one_form(node: ast.expr) -> ast.expr:
    """A comprehension with its loop variables numbered and its conditions in a row."""
    if not isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
        return node
    names: dict[str, str] = {}
    for generator in node.generators:
        for target in ast.walk(generator.target):
            if isinstance(target, ast.Name):
                names.setdefault(target.id, f"_{len(names)}")
        row: list[ast.expr] = []
        for test in generator.ifs:
            both = isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And)
            row += test.values if both and isinstance(test, ast.BoolOp) else [test]
        generator.ifs = row
    renamed = _Renamed(names).visit(node)
    assert isinstance(renamed, ast.expr)
    return renamed
