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


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("    total = price", 0),
        ("    total = kept", 0),  # of the page
        ("    total = rate", 1),  # another function's
        ("    total = later", 1),  # set only below
        ("    total == price", 2),  # does nothing, and total is set nowhere
        ("    [total := x for x in price]", 0),
    ],
)
def test_a_name_means_something_where_it_is_set(line: str, faults: int) -> None:
    """In its own function, around it or in the page, and not only further down."""
    page = (
        "kept = 1\n\ndef other(rate):\n    return rate\n\ndef f(price):\n    price += 1\n"
        f"{line}\n    later = total\n    return later\n"
    )
    assert doubt.faults(page, 8) == faults


def test_a_name_that_is_only_added_to_was_never_set() -> None:
    """In a loop as well; an argument, or a name of the file, is there before."""
    page = "def f(n):\n{line}\n    while n:\n        count += 1\n        n -= 1\n    return count\n"
    assert doubt.faults(page.format(line="    count = 0"), 2) == 0
    assert doubt.faults(page.format(line="    global count"), 2) == 0
    assert doubt.faults(page.format(line="    print(n)"), 2) == 1
    assert doubt.faults("def f(n):\n    n += 1\n    return n\n", 2) == 0


def test_a_function_that_asks_itself_the_same_never_ends() -> None:
    """With other arguments, or where they are set anew, it may."""
    page = "def f(a, b):\n    {line}\n"
    lines = ("return f(a, b)", "return f(b, a)", "return f(a, b - 1)", "return g(a, b)")
    told = [doubt.faults("def g(a, b): pass\n" + page.format(line=line), 3) for line in lines]
    assert told == [1, 0, 0, 0]
    method = "class A:\n    def f(self, a):\n        return self.f(a)\n"
    assert doubt.faults(method, 3) == 1
    assert doubt.faults("def f(a):\n    a = a[1:]\n    return f(a)\n", 3) == 0


def test_a_part_of_a_file_tells_which_words_may_be_names() -> None:
    """It does not parse, cut as it is; what nobody speaks of is nothing there."""
    page = "    return used\n\ndef f(path):\n    return {word}(path)\n\ndef g(x):\n    (\n"
    assert doubt.faults(page.format(word="used"), 4) == 0
    assert doubt.faults(page.format(word="len"), 4) == 0
    assert doubt.faults(page.format(word="walked"), 4) == 1


def test_what_other_functions_rely_on_is_there() -> None:
    """Only a part of a file may be shown, without its imports; a name of their own is their own."""
    page = (
        "def g(path):\n    name = os.path.basename(path)\n    return name\n\n"
        "def f(path):\n    return {word}.path.isdir(path)\n"
    )
    assert doubt.faults(page.format(word="os"), 6) == 0
    assert doubt.faults(page.format(word="name"), 6) == 1
    assert doubt.faults(page.format(word="shutil"), 6) == 1


def test_a_row_stands_where_the_page_could_run_with_it() -> None:
    """In its function if it has one; one that is over says nothing of a row behind it."""
    page = "class A:\n    def f(self): return 1\n\n    @property\n{line}\n    def g(self): pass\n"
    lines = ("    @cache", "    x = 1", "        x = 1", "    def h(self):")
    stands = [line for line in lines if doubt.stands(page.format(line=line), 6)]
    assert stands == ["    @cache"]
    assert not doubt.stands("x = 1\nreturn x\n", 2)
    assert doubt.stands("def f(x):\n    return x\ny = )\n", 2)


def test_in_a_loop_a_name_may_be_set_below() -> None:
    """The round before has set it; and what an inner function uses is set when it is called."""
    loop = "def f(xs):\n    for x in xs:\n        print(y)\n        y = x\n"
    assert doubt.faults(loop, 3) == 0
    inner = "def f():\n    def g():\n        return y\n    y = 1\n    return g\n"
    assert doubt.faults(inner, 3) == 0
    assert doubt.faults(inner, 4) == 0


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
