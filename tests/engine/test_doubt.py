"""What a linter would say of a line: faults of the function around it, and hints that are meant."""

from __future__ import annotations

import ast
import textwrap

import pytest

from diffedit.engine import doubt, hints
from diffedit.engine.tree import FunctionNode

PAGE = """\
def total(prices, rate):
    result = 0
    for price in prices:
        {line}
    return result
"""


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("result += price * rate", 0),
        ("result += price", 1),
        ("result += cost * price * rate", 1),
        ("pass", 2),
        ("return price * rate; pass", 1),
        ("other = price * rate", 1),
        ("import math; result += math.ceil(price * rate)", 0),
        ("result += (price", None),
    ],
)
def test_unused_unknown_and_unreached_are_faults(line: str, faults: int | None) -> None:
    """One each for a name without use, a name without value, and a line never come to."""
    assert doubt.faults(PAGE.format(line=line), 4) == faults


@pytest.mark.parametrize(
    ("line", "faults"), [("result += price * rate", 0), ("pass", 2), ("(", None)]
)
def test_a_function_of_an_unfinished_page_is_looked_at_alone(line: str, faults: int | None) -> None:
    """What is wrong elsewhere says nothing of it; whether a name is known cannot be told then."""
    page = "def other(:\n\nclass Shop:\n" + textwrap.indent(PAGE.format(line=line), "    ")
    assert doubt.faults(page, 7) == faults
    assert doubt.faults(page + "x = )\n", 7) == faults
    assert doubt.faults("x = (\ny = 1\n", 2) is None


def test_an_argument_that_is_added_to_is_used() -> None:
    """`a += b` uses both, as operator.iadd does; a name of its own is not used by that."""
    assert doubt.faults("def f(a, b):\n    a += b\n", 2) == 0
    assert doubt.faults("def f(b):\n    a = 0\n    a += b\n", 3) == 1


@pytest.mark.parametrize(
    ("head", "complete", "believable"),
    [
        ("def f(self, x: int = 0) -> str", True, True),
        ("def f(x: int, *more) -> 'str'", True, True),
        ("def f(x: int, y) -> str", False, True),
        ("def f(x: int)", False, True),
        ("def f(x: Widget) -> str", True, False),
        ("def f(x: io.StringIO) -> list[Path]", True, True),
        ("def f(x: str = 0) -> float", True, False),
        ("def f(x: float = 0) -> list(int)", True, False),
    ],
)
def test_hints_are_complete_and_can_be_meant(
    head: str,
    complete: bool,  # noqa: FBT001 - what is expected
    believable: bool,  # noqa: FBT001 - what is expected
) -> None:
    """A type that the page does not know, and one that its default belies, is not believed."""
    page = ast.parse(f"from pathlib import Path\n{head}:\n    pass\n")
    function = page.body[-1]
    assert isinstance(function, FunctionNode)
    assert hints.complete(function) == complete
    assert hints.believable(page, [function]) == believable
