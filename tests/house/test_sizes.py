"""The rules of size: a file is read in one sitting, a function on one screen."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "diffedit"
FILES = sorted(PACKAGE.rglob("*.py")) + sorted((ROOT / "plugins").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
SMALLER = {"ui/app.py", "cli.py", "ui/commands.py"}


def name_of(path: Path) -> str:
    """The path as a person would say it."""
    return str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file; they stand in what has a body, and in nothing else."""
    blocks: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    for block in blocks:
        for node in ast.iter_child_nodes(block):
            if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
                blocks.append(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def test_a_file_is_short() -> None:
    """A file has at most 400 lines; the three rooms where god files grow, 300."""
    assert FILES
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    most = {name: 300 if name in SMALLER else 400 for name in lines}
    assert {name: count for name, count in lines.items() if count > most[name]} == {}


def test_a_function_fits_a_screen() -> None:
    """A function has at most 40 lines."""
    long = {
        f"{name_of(path)}: {node.name}": node.end_lineno - node.lineno + 1
        for path in FILES
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 40
    }
    assert long == {}


def test_a_test_says_what_it_asserts() -> None:
    """Each test has a sentence of its own."""
    assert TESTS
    silent = [
        f"{path.name}: {node.name}"
        for path in TESTS
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []
