"""The review: verdicts hunk by hunk, what applying keeps, and how it looks."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from diffedit.config import themes
from diffedit.core.draft import Draft, Figures
from diffedit.core.review import Review
from diffedit.core.span import Span
from diffedit.ui.review_bar import offers, summary
from diffedit.ui.review_paint import Page, reviewing

OLD = "a\nb\nc\nd\ne"
NEW = "a\nB\nc\nd\nE"
PAGE = Page(left="", right="", theme=themes.load("ink"))
lines = st.lists(st.sampled_from(["", "a", "b b", "c"]), max_size=6).map("\n".join)


def review_of(*texts: str, old: str = OLD) -> Review:
    """The review of a settled draft."""
    draft = Draft(span=Span(0, len(old)), original=old, status="settled", texts=texts)
    return Review.of(draft)


def picture(review: Review, page: Page = PAGE) -> list[str]:
    """The rows as text, each with its mark."""
    shown, _ = reviewing(review, page)
    return [mark + row.plain for mark, row in zip(shown.marks, shown.rows, strict=True)]


def test_silence_counts_as_wanted() -> None:
    """A hunk nobody has spoken about is kept; a rejected one is not."""
    review = review_of(NEW)
    assert review.kept == (0, 1)
    assert review.said(wanted=False).kept == (1,)


def test_a_verdict_goes_on_to_the_next_open_hunk() -> None:
    """After a verdict the next hunk without one is current; after the last, none moves."""
    review = review_of(NEW).said(wanted=True)
    assert review.current == 1
    assert review.said(wanted=True).current == 1


def test_tab_goes_round() -> None:
    """From the last hunk on comes the first."""
    assert review_of(NEW).moved(-1).current == 1
    assert review_of(NEW).moved(1).moved(1).current == 0


def test_another_answer_starts_afresh() -> None:
    """Verdicts belong to one answer's hunks; the next answer has none yet, the first keeps its."""
    first = review_of(NEW, "a\nb\nX\nd\ne").said(wanted=False)
    review = first.turned(first.draft.choose(1))
    assert review.verdicts == (None,)
    assert review.draft.text == "a\nb\nX\nd\ne"
    again = review.turned(review.draft.choose(0))
    assert (again.verdicts, again.current) == (first.verdicts, first.current)
    assert again.draft.text == NEW


def test_rows_say_what_they_are_without_colour() -> None:
    """Minus, plus, the pointer and the verdict stand at the edge of the rows."""
    review = review_of(NEW).said(wanted=True)
    assert picture(review) == [
        "   a",
        " ✓-b",
        " ✓+B",
        "   c",
        "   d",
        "▶ -e",
        "  +E",
    ]


def test_the_page_beside_the_span_is_on_both_sides() -> None:
    """A span within a line is shown with the rest of its line, before and after."""
    page = Page(left="x = ", right="  # end", theme=PAGE.theme)
    assert picture(review_of("2", old="1"), page) == ["▶ -x = 1  # end", "  +x = 2  # end"]


def test_a_filled_gap_shows_only_what_comes() -> None:
    """Nothing was there, so nothing is shown as going."""
    assert picture(review_of("one\ntwo", old="")) == ["▶ +one", "  +two"]


@given(lines, lines)
def test_the_rows_are_both_texts(old: str, new: str) -> None:
    """Without the added rows the picture is the old text, without the removed ones the new."""
    review = review_of(new, old=old)
    rows = [(row[2], row[3:]) for row in picture(review)]
    shown_old = [text for mark, text in rows if mark != "+"]
    shown_new = [text for mark, text in rows if mark != "-"]
    assert "\n".join(shown_new) == new
    if old:
        assert "\n".join(shown_old) == old


def test_the_bar_says_what_enter_will_do() -> None:
    """Enter's offer counts the hunks that it would keep."""
    review = review_of(NEW).said(wanted=False)
    assert ("enter", "apply 1 of 2") in offers(review, 200)
    assert ("enter", "apply none") in offers(review.said(wanted=False), 200)
    assert summary(review) == "change 2 of 2"
    sized = replace(review.draft, figures=Figures(lengths=(4, 8)))
    assert summary(Review.of(sized)) == "change 1 of 2 · 4 tokens, of 2 lengths tried"


def test_a_narrow_bar_keeps_the_dearest_keys() -> None:
    """Enter and esc are the last to go; the answers come before the ways out."""
    shown = [key for key, _ in offers(review_of(NEW, "x"), 40)]
    assert shown[0] == "enter"
    assert "esc" in shown
    assert "ctrl+r" not in shown
    beside = 110 - len(summary(review_of(NEW, "x"))) - 2
    assert "[]" in [key for key, _ in offers(review_of(NEW, "x"), beside)]
