"""A Text is the string it was made of, however it is asked."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import INSERTS, LAW, TEXTS, spans_in

from diffedit.core.span import Span
from diffedit.core.text import BLOCK_ROWS, Text


def check(text: Text, expected: str) -> None:
    """All that a Text says of itself agrees with the string."""
    assert str(text) == "\n".join(text.lines) == expected
    assert len(text) == len(expected)
    for offset in {0, 1, len(expected) // 2, len(expected)} & set(range(len(expected) + 1)):
        check_place(text, expected, offset)


def check_place(text: Text, expected: str, offset: int) -> None:
    """The place of an offset is the one that counting newlines gives, and leads back to it."""
    row, column = text.location(offset)
    assert row == expected.count("\n", 0, offset)
    assert column == offset - (expected.rfind("\n", 0, offset) + 1)
    assert text.offset(row, column) == offset


@LAW
@given(st.data())
def test_a_text_is_its_string_after_any_edits(data: st.DataObject) -> None:
    """Offsets, rows and slices agree with the plain string after each of many edits."""
    expected = data.draw(TEXTS)
    text = Text(expected)
    check(text, expected)
    for _ in range(data.draw(st.integers(1, 6))):
        span, new = data.draw(spans_in(expected)), data.draw(INSERTS)
        expected = expected[: span.start] + new + expected[span.end :]
        text.replace(span, new)
        check(text, expected)
        part = data.draw(spans_in(expected))
        assert text.slice(part) == expected[part.start : part.end]
        assert text.span(text.location(part.start), text.location(part.end)) == part


@pytest.mark.parametrize("rows", [0, BLOCK_ROWS - 1, 2 * BLOCK_ROWS, 2 * BLOCK_ROWS + 1, 5_000])
def test_a_long_text_is_its_string_too(rows: int) -> None:
    """Where blocks are split, joined and emptied, all still agrees."""
    choice = random.Random(rows)
    expected = "\n".join("ab"[: choice.randint(0, 2)] for _ in range(rows))
    text = Text(expected)
    for size in (1, 3_000, 1, 0, 9_000, 40, 0, 0, 700, 0, 0, 2, 0):
        start = choice.randint(0, len(expected))
        end = min(len(expected), start + choice.choice([0, 1, 2_000, 5_000]))
        new = "".join(choice.choice("ab\n") for _ in range(size))
        expected = expected[:start] + new + expected[end:]
        text.replace(Span(start, end), new)
        check(text, expected)
        for _ in range(20):
            check_place(text, expected, choice.randint(0, len(expected)))
        assert text.slice(Span(start, len(expected))) == expected[start:]
    text.replace(Span(0, len(text)), "")
    check(text, "")


def test_the_lines_are_one_list_for_life() -> None:
    """A view may hold the list of lines: edits of any kind splice it and never replace it."""
    text = Text("a\nb\nc")
    lines = text.lines
    for span, new in ((Span(0, 1), "x"), (Span(1, 3), "\n\n\n"), (Span(0, 6), "")):
        text.replace(span, new)
        assert text.lines is lines
    assert lines == text.lines == [""]


def test_only_newlines_end_a_row() -> None:
    """Carriage returns, form feeds and the line ends of Unicode are text."""
    assert Text("a\rb\x0cc\x85d\u2028e\r\nf").lines == ["a\rb\x0cc\x85d\u2028e\r", "f"]


def test_rows_leave_the_last_newline_out() -> None:
    """The span of whole rows ends before the newline of the last."""
    text = Text("one\ntwo\nthree\n")
    assert text.slice(text.rows(0, 1)) == "one\ntwo"
    assert text.slice(text.rows(2, 3)) == "three\n"
    assert text.rows(3, 3) == Span(14, 14)


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (2, 0), (0, 4), (1, -1), (1, 1)])
def test_no_place_outside_the_rows(row: int, column: int) -> None:
    """A row or column that is not there is an error."""
    with pytest.raises(ValueError, match="no such place"):
        Text("abc\n").offset(row, column)


@pytest.mark.parametrize("offset", [-1, 5])
def test_no_place_outside_the_text(offset: int) -> None:
    """An offset that is not there is an error."""
    with pytest.raises(ValueError, match="no such place"):
        Text("abc\n").location(offset)


def test_a_key_costs_the_same_in_a_long_text() -> None:
    """In 100,000 lines, an edit anywhere with the look-ups around it takes under a millisecond."""
    choice = random.Random(1)
    text = Text("\n".join("x" * 39 for _ in range(100_000)))
    times = []
    for _ in range(300):
        offset = choice.randint(0, len(text) - 1)
        start = time.perf_counter()
        text.replace(Span(offset, offset + choice.randint(0, 1)), choice.choice("ab\n"))
        row, column = text.location(offset)
        text.slice(text.rows(row, row))
        text.offset(row, column)
        times.append(time.perf_counter() - start)
    assert sorted(times)[len(times) // 2] < 0.001


@pytest.mark.parametrize("rows_gone", [1, 100, 250, 600])
def test_many_edits_from_the_last_to_the_first(rows_gone: int) -> None:
    """Edits up through a long text, as many changes at once make them, agree with the string."""
    expected = "\n".join(f"row {number}" for number in range(6_000))
    text = Text(expected)
    for first in range(5_000, 0, -rows_gone - 40):
        span = text.rows(first, first + rows_gone)
        expected = expected[: span.start] + "x" + expected[span.end :]
        text.replace(span, "x")
    check(text, expected)
    for offset in range(0, len(expected), 101):
        check_place(text, expected, offset)
