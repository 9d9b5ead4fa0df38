"""What people expect of an editor in a terminal, row by row, and the test that shows each.

`rows.txt` has a line for each: its number, what it is, and the tests, or the folder of the edit.
Row 37, language servers, is left for later; what stands there is what checks edits meanwhile.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = Path(__file__).with_name("rows.txt").read_text(encoding="utf-8").splitlines()


def test_no_row_is_left_out() -> None:
    """All 38, in order."""
    assert [int(row.split()[0]) for row in ROWS] == list(range(1, 39))


@pytest.mark.parametrize("row", ROWS, ids=[row.partition(":")[0] for row in ROWS])
def test_the_tests_of_a_row_are_there(row: str) -> None:
    """Whoever renames or deletes one of them hears of it here."""
    named = row.partition(": ")[2].split()
    assert named
    for name in named:
        path, _, test = name.partition("::")
        if not test:
            assert (ROOT / path / "keys").is_file()
            continue
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert test in {node.name for node in tree.body if isinstance(node, kinds)}
