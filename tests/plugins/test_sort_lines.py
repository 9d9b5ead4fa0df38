"""Sorting the selected lines."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.api import CommandContext, Span
from diffedit.config import plugins


class Page:
    """A page that a command may change, without a screen."""

    language = "python"
    path: Path | None = None

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.selection = text, Span(start, end)
        self.told: list[str] = []

    def replace(self, span: Span, text: str) -> None:
        self.text = self.text[: span.start] + text + self.text[span.end :]
        self.selection = Span(span.start, span.start + len(text))

    def notify(self, message: str) -> None:
        self.told.append(message)


def sort(marked: str) -> Page:
    """Run the command on a page whose selection stands between « and »."""
    start, end = marked.index("«"), marked.index("»") - 1
    page = Page(marked.replace("«", "").replace("»", ""), start, end)
    command()(page)
    return page


@cache
def command() -> Callable[[CommandContext], None]:
    """The command, as the list of commands runs it."""
    loaded: Callable[[CommandContext], None] = plugins.load("command", "sort-lines")
    return loaded


def test_it_is_listed() -> None:
    """The list of commands shows it by its title."""
    titles = {one.name: one.title for one in plugins.commands()}
    assert titles["sort-lines"] == "Sort the selected lines"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("«b\na»", "a\nb"),
        ("x\nb«b\nc\na»a\ny\n", "x\naa\nbb\nc\ny\n"),
        ("«b\na\n»z\n", "a\nb\nz\n"),
        ("«item 10\nitem 9\nItem 1»", "Item 1\nitem 9\nitem 10"),
        ("[\n«    3,\n    1,\n    2\n»]", "[\n    1,\n    2,\n    3\n]"),
        (
            "«def b():\n    2\n    1\ndef a():\n    pass»",
            "def a():\n    pass\ndef b():\n    2\n    1",
        ),
        ("«f(\n    2,\n    1,\n)\ne»", "e\nf(\n    2,\n    1,\n)"),
    ],
)
def test_lines_are_sorted(before: str, after: str) -> None:
    """Whole lines, numbers by size, blocks with their heads, commas where they belong."""
    page = sort(before)
    assert page.text == after
    assert page.told == []


@pytest.mark.parametrize("text", ["«one»", "a«»", "«a\n»b", "«a\nb»", "«»"])
def test_nothing_to_sort_is_said(text: str) -> None:
    """One line, or lines in order: the page stays and the person is told."""
    page = sort(text)
    assert page.text == text.replace("«", "").replace("»", "")
    assert len(page.told) == 1


@given(st.lists(st.text("abC 019,{}[]()\t", max_size=6), min_size=2, max_size=8))
def test_no_line_is_lost_and_sorting_twice_changes_nothing(lines: list[str]) -> None:
    """The same lines come back, commas at their ends aside, and a second run finds them sorted."""
    text = "\n".join(lines)
    once = sort(f"«{text}»").text
    assert sorted(line.rstrip(",") for line in once.split("\n")) == sorted(
        line.rstrip(",") for line in lines
    )
    assert sort(f"«{once}»").text == once
