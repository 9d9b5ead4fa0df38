"""Pages that can be run: a function, all that it needs, and calls that tell right from wrong."""

from __future__ import annotations

import ast
import builtins
import doctest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diffedit.bench import sandbox
from diffedit.cases.case import number_of
from diffedit.cases.source import Module, first_line
from diffedit.engine.tree import all_arguments, has_name, parse

REFUSED = {
    *("open", "exec", "eval", "compile", "input", "__import__", "print", "globals", "locals"),
    *("vars", "dir", "breakpoint", "exit", "quit", "help", "id", "hash", "memoryview", "super"),
}
"""Builtins that touch the world, or say something else in another process."""

KINDS = {
    "int": ("0", "1", "2", "3", "7", "10", "64", "255", "-1", "1000"),
    "float": ("0.0", "0.5", "1.5", "-2.25", "100.0"),
    "bool": ("True", "False"),
    "none": ("None",),
    "word": ("''", "'a'", "'abc'", "'Hello'", "'x1'", "'UPPER'", "'3.11'", "'12'", "'%s'"),
    "text": ("'hello world'", "'  a\\n    b\\n\\n c'", "'a,b;c'", "'key=value'", "'it\\'s \"so\"'"),
    "path": (
        "'/usr/lib/x.py'",
        "'a/../b'",
        "'C:\\\\dir\\\\f.txt'",
        "'http://a.b/c?d=e#f'",
        "'*.[ch]'",
    ),
    "bytes": ("b''", "b'abc'", "b'a=3D\\n b'", "b'\\x00\\xff'", "b'12'"),
    "ints": ("[]", "[1]", "[3, 1, 2]", "[1, 2, 2, 5]", "[-4, 0, 9, 9]"),
    "floats": ("[0.5]", "[1.5, 2.5, 4.0]", "[3.0, 1.0, 2.0, 2.0]"),
    "words": ("['a']", "['b', 'a', 'c']", "['ab', 'abc', 'abd']", "['--x', 'y=1', '-z']"),
    "pairs": ("[('a', 1)]", "[('b', 2), ('a', 1)]", "[(1, 2), (3, 4)]"),
    "tuple": ("()", "(1, 2)", "(3, 9, 8)", "('a', 'b')"),
    "dict": ("{}", "{'a': 1}", "{'b': 2, 'a': 1}", "{'x': 'y', 'z': ''}"),
}
"""Arguments to try, as literals, by what they are."""

SMALLEST, LARGEST = 4, 40
"""Lines of a function whose lines can be missed."""


@dataclass(frozen=True, slots=True)
class Pure:
    """A page whose last function computes its answer from its arguments alone."""

    module: str
    name: str
    page: str
    node: ast.FunctionDef
    """With its places on that page."""
    calls: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


def pure_functions(module: Module) -> Iterator[Pure]:
    """The module's functions that need nothing but a little of the module and of what computes."""
    if module.tree is None:
        return
    given = _definitions(module.tree)
    for node in module.tree.body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        lines = (node.end_lineno or 0) - node.lineno + 1
        if not SMALLEST <= lines <= LARGEST or not node.args.args or _odd(node):
            continue
        page = _page(module, node, given)
        tree = parse(page) if page else None
        last = tree.body[-1] if tree else None
        if page and isinstance(last, ast.FunctionDef):
            yield Pure(module.name, node.name, page, last)


def _odd(node: ast.FunctionDef) -> bool:
    """Whether it cannot be called with a few plain values by position."""
    spec = node.args
    needed = len(spec.args) + len(spec.posonlyargs) - len(spec.defaults)
    return needed > 3 or None in spec.kw_defaults or len(ast.unparse(node)) > 1500


def _definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """What the module's own statements bind, by name. A name bound twice is not to be relied on."""
    found: dict[str, ast.stmt] = {}
    twice = set()
    for statement in tree.body:
        for name in _bound_by(statement):
            if name in found:
                twice.add(name)
            found[name] = statement
    return {name: statement for name, statement in found.items() if name not in twice}


def _bound_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).split(".")[0] for alias in statement.names]
    return [
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _page(module: Module, node: ast.FunctionDef, given: dict[str, ast.stmt]) -> str | None:
    """The function after all that it needs, in the module's order; None where that is too much."""
    needed: list[ast.stmt] = [node]
    for statement in needed:
        for name in sorted(_free_names(statement)):
            if name in given:
                if not _harmless(given[name]):
                    return None
                if given[name] not in needed:
                    needed.append(given[name])
            elif name in REFUSED or not hasattr(builtins, name):
                return None
        if len(needed) > 8:
            return None
    others = sorted(needed[1:], key=lambda statement: statement.lineno)
    parts = [module.rows(first_line(one), one.end_lineno or 0).rstrip("\n") for one in others]
    parts.append(module.rows(node.lineno, node.end_lineno or 0).rstrip("\n"))
    # Imports and constants stand close together, what has a body stands apart.
    page = ""
    for part in parts:
        apart = "\n" in part or page.endswith("\n\n") or part.startswith("def ")
        page += f"{part}\n" if not page else f"\n\n{part}\n" if apart else f"{part}\n"
    return page if len(page) <= 2500 else None


def _harmless(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Import):
        return all(alias.name in sandbox.MODULES for alias in statement.names)
    if isinstance(statement, ast.ImportFrom):
        return statement.level == 0 and statement.module in sandbox.MODULES
    return isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.Assign)


def _free_names(statement: ast.stmt) -> set[str]:
    """Names that the statement reads and does not bind itself: more than less of them."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.Lambda):
            bound |= {argument.arg for argument in all_arguments(node)}
            bound |= {node.name} if isinstance(node, ast.FunctionDef) else set()
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.Global):
            # Hidden needs; such a function is left out.
            read.add("open")
    # A constant may be bound from itself only in code that is not worth the trouble.
    return read - bound


# Calls -----------------------------------------------------------------------------------------


def with_calls(pure: Pure) -> Pure | None:
    """The function with calls that run through it in different ways; None where none are found."""
    spec = pure.node.args
    most = len(spec.posonlyargs) + len(spec.args)
    least = max(1, most - len(spec.defaults))
    try:
        found = sandbox.explore(
            pure.page,
            pure.name,
            kinds=KINDS,
            counts=range(least, min(most, least + 2, 4) + 1),
            calls=_doctest_calls(pure),
            tries=250,
        )
        chosen = _telling(found)
        calls = [one.call for one in chosen]
        # Another seed of hashes must not matter, nor what was called before.
        again = sandbox.run([pure.page], pure.name, calls, hash_seed=1)
    except sandbox.SandboxError:
        return None
    same = [one for one, shown in zip(chosen, again[0], strict=False) if one.result == shown]
    if len({one.result for one in same}) < 3:
        return None
    expected = tuple(one.result for one in same)
    return Pure(pure.module, pure.name, pure.page, pure.node, tuple(c.call for c in same), expected)


def _telling(found: Sequence[sandbox.Found]) -> list[sandbox.Found]:
    """Up to 16 calls: those that reach new lines, then those with new ways and new results."""
    fit = [one for one in found if len(one.result) <= 400]
    lines: set[int] = set()
    ways: set[tuple[int, ...]] = set()
    results: set[str] = set()
    chosen: list[sandbox.Found] = []
    for wanted in ("lines", "ways", "results"):
        for one in fit:
            news = {
                "lines": not lines.issuperset(one.lines),
                "ways": one.lines not in ways,
                "results": one.result not in results,
            }
            if len(chosen) < 16 and news[wanted]:
                chosen.append(one)
                lines.update(one.lines)
                ways.add(one.lines)
                results.add(one.result)
    return chosen


def _doctest_calls(pure: Pure) -> list[str]:
    """The arguments that the function's own doctests call it with, where they are literals."""
    calls = []
    try:
        examples = doctest.DocTestParser().get_examples(ast.get_docstring(pure.node) or "")
    except ValueError:
        return []
    for example in examples:
        tree = parse(example.source)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Call) and not node.keywords and has_name(node.func, pure.name):
                try:
                    calls.append(repr(tuple(ast.literal_eval(one) for one in node.args)))
                except ValueError:
                    continue
    return calls


# Lines that can be missed ----------------------------------------------------------------------


def missable(pure: Pure) -> list[tuple[int, int]]:
    """The places (start, end on the page) of whole lines, without their indent, that matter.

    A line matters when the calls tell the function with nothing of use in its place from the
    original: a condition must be shown to be true here and false there, a value to be used.
    """
    places = sorted(_lines(pure), key=lambda place: number_of("line", pure.name, str(place[:2])))
    places = places[:10]
    poor = [(place, words) for place in places for words in _poor(place[2])]
    pages = [pure.page[:start] + words + pure.page[end:] for (start, end, _), words in poor]
    if not pages:
        return []
    limits = sandbox.Limits(call_s=0.1, cpu_s=8, wall_s=15.0)
    try:
        given = sandbox.run(pages, pure.name, pure.calls, limits=limits)
    except sandbox.SandboxError:
        return []
    same = {
        place[:2]
        for (place, _), shown in zip(poor, given, strict=True)
        if tuple(shown) == pure.expected
    }
    return [(start, end) for start, end, _ in places if (start, end) not in same]


def _poor(node: ast.stmt) -> list[str]:
    """Lines that could stand where `node` begins, and do nothing of what it does."""
    if isinstance(node, ast.If | ast.For | ast.While):
        return ["if True:", "if False:"]
    if isinstance(node, ast.Return):
        return ["return None", "pass"]
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return ["pass", f"{ast.unparse(node.targets[0])} = None"]
    return ["pass"]


def _lines(pure: Pure) -> Iterator[tuple[int, int, ast.stmt]]:
    """Lines of the function's body that are a whole statement, or the whole head of one."""
    lines = pure.page.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    for node in ast.walk(pure.node):
        if not isinstance(node, ast.stmt) or node is pure.node:
            continue
        line = lines[node.lineno - 1]
        head = isinstance(node, ast.If | ast.For | ast.While)
        if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and _is_text(node.value)):
            continue
        if head and (not line.endswith(":") or line.lstrip().startswith("elif")):
            continue
        if not head and (hasattr(node, "body") or node.end_lineno != node.lineno):
            continue
        start = starts[node.lineno - 1]
        indent = len(line) - len(line.lstrip())
        # A line that is shared with another statement, or ends in a comment, is no clean gap.
        clean = node.col_offset == indent and "#" not in line and ";" not in line
        if clean and 6 <= len(line.strip()) <= 88:
            yield start + indent, start + len(line), node


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
