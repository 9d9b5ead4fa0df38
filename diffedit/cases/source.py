"""Where cases come from: the functions of the standard library that this Python came with."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from diffedit.cases.case import Part, part_of
from diffedit.engine.tree import FunctionNode, dump, parse

SKIPPED = {
    *("test", "tests", "idle_test", "idlelib", "turtledemo", "lib2to3", "pydoc_data"),
    *("site-packages", "dist-packages", "lib-dynload", "_bundled", "__pycache__", "encodings"),
}
"""Folders with tests, tables, copies of others' code, or nothing of Python."""

BEFORE, AFTER = 400, 200
"""How much of the file stands around the function, at most, in characters."""


@dataclass(frozen=True)
class Module:
    """One file of code. Not slotted: its tree is read once, when it is asked for."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree; None where this Python cannot read it."""
        return parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends."""
        return self.text.splitlines(keepends=True)

    def rows(self, first: int, last: int) -> str:
        """The text of lines first to last, from 1, both in."""
        return "".join(self.lines[first - 1 : last])


@dataclass(frozen=True)
class Function:
    """One function on a small page: what stands before it, its whole lines, what stands after."""

    module: str
    name: str
    before: str
    text: str
    after: str
    node: FunctionNode
    """With its places on that page."""
    method: bool = False

    @property
    def page(self) -> str:
        """The page as one text."""
        return self.before + self.text + self.after

    @property
    def small(self) -> bool:
        """Whether it has the size of most edits. The rarer kinds take what they find."""
        return self.text.count("\n") < 25 and len(self.text) <= 1000

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.page.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def place(self, line: int, column: int) -> int:
        """Characters from the start of the page. Pages are ASCII: columns are characters."""
        return self._starts[line - 1] + column

    def start(self, node: ast.AST) -> int:
        """Where a node begins on the page."""
        return self.place(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where a node ends on the page."""
        return self.place(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def source(self, node: ast.AST) -> str:
        """A node's text."""
        return self.page[self.start(node) : self.end(node)]

    def edited(self, *edits: tuple[int, int, str]) -> str:
        """The function's text with each (start, end, new) of the page done."""
        page = self.page
        stop = len(page) - len(self.after)
        for start, end, new in sorted(edits, reverse=True):
            page = page[:start] + new + page[end:]
            stop += len(new) - (end - start)
        return page[len(self.before) : stop]


def modules(root: Path | None = None) -> Iterator[Module]:
    """Every module below `root` (the standard library), in the order of their names."""
    root = root or Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        if SKIPPED.intersection(parts) or any(
            p.startswith(("config-", "_sysconfig")) for p in parts
        ):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        name = ".".join(part for part in parts if part != "__init__")
        # A page is ASCII with plain ends, so that every column in the tree is a character.
        if text.isascii() and not set("\t\r\f\x00").intersection(text):
            yield Module(name, text)


def elsewhere(found: Sequence[Module], part: Part) -> frozenset[str]:
    """The fingerprints of all functions of the other parts: copies of these are no test."""
    others = (module for module in found if part_of(module.name) != part)
    return frozenset(mark for module in others for mark in fingerprints(module))


def functions(found: Sequence[Module], part: Part, taken: frozenset[str]) -> list[Function]:
    """The functions of one part's modules, each once, without those whose fingerprint is taken."""
    mine: dict[str, Function] = {}
    for module in found:
        if part_of(module.name) == part:
            for function in functions_in(module):
                mine.setdefault(fingerprint(function.node), function)
    return [function for mark, function in mine.items() if mark not in taken]


def fingerprints(module: Module) -> Iterator[str]:
    """Those of all functions of a module, wherever they stand."""
    for node in ast.walk(module.tree) if module.tree is not None else ():
        if isinstance(node, ast.FunctionDef):
            yield fingerprint(node)


def fingerprint(node: FunctionNode) -> str:
    """The same for functions that are written alike, but for their names and docstrings."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return "\n".join([dump(node.args), *map(dump, body)])


def functions_in(module: Module) -> Iterator[Function]:
    """The functions of a module and the methods of its classes, each on its page."""
    if module.tree is None:
        return
    for number, node in enumerate(module.tree.body):
        if isinstance(node, ast.FunctionDef):
            first = first_line(node)
            before = _before(module, number, first)
            after = _after(module, number, node)
            yield from _function(module, node, before, after)
        elif isinstance(node, ast.ClassDef) and node.body:
            header = module.rows(node.lineno, max(node.lineno, first_line(node.body[0]) - 1))
            # A class's own docstring and comments are no part of the header.
            header = header[: header.find(":\n") + 2]
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield from _function(module, inner, header, "\n", owner=node.name)


def _function(
    module: Module, node: ast.FunctionDef, before: str, after: str, *, owner: str = ""
) -> Iterator[Function]:
    first, last = first_line(node), node.end_lineno or node.lineno
    text = module.rows(first, last).removesuffix("\n")
    tree = parse(before + text + after) if fits(text) else None
    if tree is None:
        return
    inside = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == node.name)
    line = before.count("\n")
    for found in inside:
        if first_line(found) == line + 1:
            name = f"{owner}.{node.name}" if owner else node.name
            yield Function(module.name, name, before, text, after, found, bool(owner))
            return


def fits(text: str) -> bool:
    """Whether a function can be a page's: 3 to 45 lines, none of them long."""
    lines = text.split("\n")
    return 3 <= len(lines) <= 45 and len(text) <= 2000 and max(map(len, lines)) <= 100


def first_line(node: ast.stmt) -> int:
    """A statement's first line, decorators counted."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _before(module: Module, number: int, first: int) -> str:
    """Whole statements that stand right before line `first`."""
    assert module.tree is not None
    before = ""
    for statement in reversed(module.tree.body[:number]):
        text = module.rows(first_line(statement), first - 1)
        if len(text) > BEFORE:
            break
        before = text
    # What stands between is only blank lines and comments when nothing fits.
    return before


def _after(module: Module, number: int, node: ast.stmt) -> str:
    """Whole statements that stand right after."""
    assert module.tree is not None
    after = "\n"
    for statement in module.tree.body[number + 1 :]:
        text = "\n" + module.rows((node.end_lineno or 0) + 1, statement.end_lineno or 0)
        if len(text) > AFTER:
            break
        after = text
    return after
