"""Answers of the tuned model: which are sound, which come first, and what they lean to."""

from __future__ import annotations

import pytest

from diffedit.backends import small_check, small_edit, small_prompt
from diffedit.backends.small_keep import Keep
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.task import Task

OLD = '''\
    def total(self, values):
        """Add up."""
        return sum(values)
'''


def rewriting(wish: str, text: str = OLD) -> Task:
    before = "class Sum:\n" if text.startswith(" ") else ""
    return Task(text=text, before=before, instruction=wish, language="python")


@pytest.mark.parametrize(
    ("wish", "old", "new", "sound"),
    [
        ("remove the docstring", '"""Add up."""\n        ', "", True),
        ("remove the docstring", "sum(values)", "sum(values, 0)", False),
        ("add type hints", "(self, values):", "(self, values: list) -> int:", True),
        ("annotate it", "(self, values):", "(self, items: list) -> int:", False),
        ("rename values to items", "values", "items", True),
        ("Rename `values` into `items`.", "(self, values)", "(self, items)", False),
        ("write a docstring", "Add up.", "Add up all.", False),
        ("rename values to items", "return sum(values)", "return sum(values)  # all", False),
        ("make it faster", "sum(values)", "fsum(values)", True),
        ("make it faster", "sum(values)", "sum(values", False),
    ],
)
def test_an_answer_is_checked_against_the_tree(
    wish: str,
    old: str,
    new: str,
    sound: bool,  # noqa: FBT001 - what is expected
) -> None:
    """A wish with one meaning must be done, and nothing else; any answer must still parse."""
    assert small_check.sound(rewriting(wish), OLD.replace(old, new)) == sound


def test_a_gap_is_read_with_its_page() -> None:
    """A line that the page cannot be read with is not sound; elsewhere nothing is said."""
    task = Task(
        text="",
        before="def f(x):\n    ",
        after="\n    return x\n",
        mode="infill",
        language="python",
    )
    assert small_check.sound(task, "x += 1")
    assert not small_check.sound(task, "x += (1")
    prose = Task(text="", before="Once ", after=" a time", mode="infill", language="markdown")
    assert small_check.sound(prose, "(upon")


def test_sound_answers_come_first_then_no_change_then_the_rest() -> None:
    """Nonsense is not preferred over no change, and of repairs the smallest is first."""
    wish = rewriting("remove the docstring")
    good, bad = OLD.replace('        """Add up."""\n', ""), OLD.replace("Add", "Sum")
    assert small_edit.ranked(wish, [bad, OLD, good, good]) == [2, 1, 0]
    broken = rewriting("fix it", "def f(x:\n    return x\n")
    texts = ["def f(y):\n    return y\n", "def f(x):\n    return x\n"]
    assert small_edit.ranked(broken, texts) == [1, 0]
    assert not small_check.sound(broken, "def g(value):\n    return value\n")
    with pytest.raises(ModelError):
        small_edit.ranked(wish, ["", " "])


def test_old_text_says_how_it_goes_on() -> None:
    """After a stretch of it that is one place: what comes next; where it is two places: nothing."""
    keep = Keep([5, 6, 7, 6, 8], end=2, bonus=1.0)
    assert keep.following([]) == 5
    assert keep.following([5, 6]) == 7
    assert keep.following([9, 6]) is None
    assert keep.following([7, 6]) == 8
    assert keep.following([6, 8]) == 2
    assert keep.following([1]) is None
    assert keep.each([5], [6, 7]) == [6, 7, 6]


def test_the_picture_keeps_rows_and_indentation() -> None:
    """While it denoises, old lines not yet reached are shown as noise, indented as they stand."""
    task = rewriting("remove the docstring")
    span = small_prompt.shown(task)
    pieces = (Piece("def total", "accepted"), Piece("(self", "noise"))
    shown = small_edit.picture(pieces, task, span)
    assert "".join(piece.text for piece in shown).split("\n")[1:] == OLD.split("\n")[1:]
    done = small_edit.picture((Piece("def f():\n    pass", "accepted"),), task, span)
    assert "".join(piece.text for piece in done) == "    def f():\n        pass\n"


def test_what_is_surely_done_comes_first() -> None:
    """Hints for a part are sound but not all that was asked; a free wish is never surely done."""
    wish = rewriting("add type hints")
    some = OLD.replace("(self, values)", "(self, values: list)")
    every = OLD.replace("(self, values):", "(self, values: list) -> int:")
    assert small_check.sound(wish, some)
    assert not small_check.done(wish, some)
    assert small_check.done(wish, every)
    assert small_edit.ranked(wish, [OLD, some, every]) == [2, 1, 0]
    assert not small_check.done(rewriting("make it faster"), OLD.replace("sum", "fsum"))
    assert small_check.done(rewriting("rename values to items"), OLD.replace("values", "items"))
    broken = rewriting("fix it", OLD.replace("(values)", "(values"))
    assert small_check.done(broken, OLD)
    assert not small_check.done(broken, broken.text)
