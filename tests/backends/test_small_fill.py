"""Gaps: where the model goes on from, where an answer ends, and what is pasted of it."""

from __future__ import annotations

from typing import Any

import pytest

from diffedit.backends import small_fill
from diffedit.core.draft import Piece
from diffedit.engine.task import Mode, Task


def place(before: str, after: str = "", text: str = "", mode: Mode = "infill") -> small_fill.Gap:
    task = Task(text=text, before=before, after=after, mode=mode, language="python")
    return small_fill.gap(task, before)


@pytest.mark.parametrize(
    ("before", "text", "prompt", "lead", "own"),
    [
        ("x = ", "", "x =", " ", ""),
        ("def f():\n    ", "", "def f():\n   ", " ", ""),
        ("def f():\n", "    pass\n", "def f():\n   ", " ", "    "),
        ("def f():\n", "", "def f():", "\n", ""),
        ("def f():\n\t", "", "def f():\n\t", "", ""),
        ("print(", "", "print(", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_prompt_never_ends_in_white_space_that_belongs_to_the_next_token(
    before: str, text: str, prompt: str, lead: str, own: str
) -> None:
    """What is cut off the prompt is asked of every answer, and stands in the text just once."""
    gap = place(before, text=text)
    assert (gap.prompt, gap.lead, gap.own) == (prompt, lead, own)
    assert gap.prompt + gap.lead == before + own


@pytest.mark.parametrize(
    ("gap", "raw", "kept"),
    [
        (("def f():\n", "    return y\n", "    y\n"), " y = 1\n    return y\n", "y = 1"),
        (("def f():\n", "    return y\n"), "\n\n    y = 1\n    return y", "    y = 1"),
        (("def f():\n", "    return y\n"), " # f\n    y = 1\n", "    y = 1"),
        (("def f():\n    ", "\n    return y\n"), "y = 1\n", "y = 1"),
        (("def f():\n    ", "\n    return y\n"), " return y\n", ""),
        (("print(", ")\n"), "x, f(y))\nz", "x, f(y)"),
        (("a\n", "d\n", "b\n\nc\n"), "\nb = 1\n\nc = 2\nd = 3\n", "b = 1\n\nc = 2"),
    ],
)
def test_an_infill_takes_the_lines_it_was_asked_for(
    gap: tuple[Any, ...], raw: str, kept: str
) -> None:
    """What comes after them, what repeats the right side, and what does not fit is left out."""
    found = place(*gap)
    first, end = small_fill.extent(raw, found)
    assert raw[first:end] == kept


@pytest.mark.parametrize(
    ("before", "raw", "kept"),
    [
        ("def f():\n    ", " x = 1\n    return x\n\n\ndef g():\n", "x = 1\n    return x"),
        ("def f():\n    ", " x = 1\n\n    return x\ny = 2\n", "x = 1"),
        ("def f():", "\n    return 1\nprint", "\n    return 1"),
        ("if a:\n        b = ", " 1\n    else:\n", "1"),
        ("x = 1\n", "\ny = 2\n\nz = 3\n", "y = 2"),
    ],
)
def test_a_continuation_ends_with_its_block(before: str, raw: str, kept: str) -> None:
    """A dedent or a blank line at the same depth ends it, and only longer text goes past that."""
    gap = place(before, mode="continue")
    first, end = small_fill.extent(raw, gap)
    assert raw[first:end] == kept
    assert small_fill.complete(raw, gap)
    ended = [small_fill.complete(raw[:n], gap) for n in range(len(raw) + 1)]
    assert ended == sorted(ended)


def test_an_unfinished_continuation_loses_its_last_line() -> None:
    """Cut off by length, it ends at a line's end; a single line stays."""
    gap = place("def f():\n    ", mode="continue")
    first, end = small_fill.extent(" x = 1\n    if x", gap, whole=False)
    assert " x = 1\n    if x"[first:end] == "x = 1"
    assert small_fill.extent(" x = 1", gap, whole=False) == (1, 6)


def test_a_line_between_lines_gets_its_end() -> None:
    """An empty span at a line's start needs a line end of its own; within a line it does not."""
    assert place("a\n", "b\n").end == "\n"
    assert place("a\n", "b\n", "c\n").end == "\n"
    assert not place("a\n", "\nb\n").end
    assert not place("a = ", "\nb\n").end
    assert not place("a\n").end


def test_a_picture_shows_what_will_stand_there() -> None:
    """The lead is not shown twice, and what lies past the end not at all."""
    gap = place("def f():\n", "    return y\n", "    pass\n")
    pieces = tuple(Piece(text, "noise") for text in (" y", " = 1", "\n    ret"))
    seen = small_fill.picture(pieces, gap, small_fill.extent(" y = 1\n    ret", gap))
    assert "".join(piece.text for piece in seen) == "    y = 1"


def wished(before: str, after: str = "", language: str = "python", mode: Mode = "infill") -> Task:
    return Task(
        text="", before=before, after=after, instruction="add both", mode=mode, language=language
    )


@pytest.mark.parametrize(
    ("task", "told"),
    [
        (wished(""), "# add both\n"),
        (wished("f(a) {\n  ", "\n}\n", "javascript"), "f(a) {\n  // add both\n  "),
        (wished("def f():\n", "\n    return c\n"), "def f():\n    # add both\n"),
        (wished("def f():\n", "\n    return c\n", mode="continue"), "def f():\n# add both\n"),
        (wished("x = "), "x = "),
    ],
)
def test_a_wish_is_told_as_a_comment(task: Task, told: str) -> None:
    """A raw model goes on from a comment that says what comes; within a line there is no room."""
    assert small_fill.told(task, task.before) == told


def test_a_wish_on_an_empty_line_is_filled_as_deep_as_the_text_below() -> None:
    """The indentation that the answer begins with is the span's own; how long it is, is open."""
    task = wished("def f():\n", "\n    return c\n")
    gap = small_fill.gap(task, small_fill.told(task, task.before))
    assert gap.own == "    "
    assert gap.prompt + gap.lead == "def f():\n    # add both\n    "
    assert gap.wanted == 0
    assert small_fill.extent(" c = a + b\n    return c\n", gap) == (1, 10)


def test_a_fence_ends_an_answer() -> None:
    """A model that was trained on chats closes a fence that nobody opened."""
    gap = small_fill.gap(wished(""), "# add both\n")
    raw = "\nprint(a + b)\n```\nThis prints."
    first, end = small_fill.extent(raw, gap)
    assert raw[first:end] == "print(a + b)"
