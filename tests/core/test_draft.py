"""A draft is a value: it follows the page and never moves it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW, TEXTS, changes_of, spans_in

from diffedit.core.change import Change, ChangeSet
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.review import Review
from diffedit.core.span import Selection, Span

SETTLED = Draft(span=Span(2, 5), original="a\nb").settled(("a\nc", "x\nb"), Figures(steps=4))


@LAW
@given(st.data())
def test_what_is_kept_of_a_draft_is_all_that_changes(data: st.DataObject) -> None:
    """Outside the span the page is as it was, whichever hunks are kept; none kept, all of it is."""
    text = data.draw(TEXTS)
    span = data.draw(spans_in(text))
    draft = Draft(span=span, original=text[span.start : span.end])
    draft = draft.settled((data.draw(TEXTS),), Figures())
    kept = data.draw(st.sets(st.integers(0, 5)))
    for change in (draft.change(), draft.change(kept)):
        after = change.apply(text)
        assert after.startswith(text[: span.start])
        assert after.endswith(text[span.end :])
    assert draft.change().apply(text) == text[: span.start] + draft.text + text[span.end :]
    assert draft.change(()) == ChangeSet(())


@LAW
@given(st.data())
def test_a_carried_draft_still_fits(data: st.DataObject) -> None:
    """After the person's edits the draft is stale, or its span holds the text that it was for."""
    text = data.draw(TEXTS)
    span = data.draw(spans_in(text))
    changes = data.draw(changes_of(text))
    draft = Draft(span=span, original=text[span.start : span.end]).carried(changes)
    after = changes.apply(text)
    if draft.status != "stale":
        assert after[draft.span.start : draft.span.end] == draft.original


def test_an_edit_inside_makes_it_stale() -> None:
    """Text typed into the span ends the draft, and says so."""
    draft = SETTLED.carried(ChangeSet((Change(Span(3, 3), "x"),)))
    assert (draft.status, draft.live) == ("stale", False)
    assert "inside the span" in draft.message


def test_each_stage_is_a_new_value() -> None:
    """A draft is first waiting, then a picture, then texts to choose from."""
    waiting = Draft(span=Span(0, 1), original="a")
    seen = waiting.seen((Piece("b", "accepted"), Piece("c", "noise", 0.5)), Figures(steps=1))
    assert (waiting.status, waiting.text, waiting.live) == ("waiting", "", True)
    assert (seen.status, seen.text, seen.live) == ("denoising", "bc", True)
    assert (SETTLED.status, SETTLED.text, SETTLED.live) == ("settled", "a\nc", False)


def test_choices_wrap_round() -> None:
    """One step past the last text is the first again; without texts there is no choice."""
    assert [SETTLED.choose(number).text for number in (-1, 0, 1, 2)] == [
        "x\nb", "a\nc", "x\nb", "a\nc",
    ]  # fmt: skip
    waiting = Draft(span=Span(0, 1), original="a")
    assert waiting.choose(1) is waiting


def test_the_figures_are_honest() -> None:
    """Time for a step is known only once there was one."""
    assert Figures(elapsed_ms=10).ms_per_step is None
    assert Figures(elapsed_ms=10, steps=4).ms_per_step == pytest.approx(2.5)


def test_the_length_is_told_where_there_was_a_choice() -> None:
    """What was taken, and of how many; nothing where only one length was tried."""
    assert Figures(lengths=(16, 8, 32, 64)).length == "16 tokens, of 4 lengths tried"
    assert Figures(lengths=(1, 2)).length == "1 token, of 2 lengths tried"
    assert Figures(lengths=(16,)).length == Figures().length == ""


def test_a_span_runs_forwards() -> None:
    """A span cannot run backwards or begin before the text; a selection may, and has a span."""
    for start, end in ((2, 1), (-1, 1)):
        with pytest.raises(ValueError, match="not a span"):
            Span(start, end)
    assert Selection(5, 2).span == Span(2, 5)
    assert Selection.at(3).span.empty
    assert Span(3, 3)
    assert (Span(1, 4).contains(4), Span(1, 4).contains(5)) == (True, False)
    assert Span(1, 4).shifted(2) == Span(3, 6)


def test_a_settled_draft_is_entered_where_it_is_looked_at() -> None:
    """What is typed goes on from the answer that is chosen; between its places nothing does."""
    hand = SETTLED.entered(2).inserted("z")
    assert (hand.text, hand.typed) == ("a\nzc", "z")
    written = replace(SETTLED.written(hand), texts=(hand.text, "xz\nb"), chosen=1)
    assert written.entered(2).inserted("!").text == "xz!\nb"
    apart = Draft(span=Span(0, 5), original="a - b", between=((1, 4),))
    apart = apart.settled(("aa - b",), Figures())
    assert [n for n in range(7) if not apart.entered(n).free] == [3, 4]
    lost = replace(apart, texts=("aab",))
    assert not any(lost.entered(n).free for n in range(4))


def test_a_place_of_the_original_is_found_in_the_draft() -> None:
    """Where lines came in before it, it goes along; in a changed line, to the same column."""
    draft = Draft(span=Span(0, 9), original="a\nbb\nc\ngone")
    draft = draft.settled(("new\na\nBBB\nc",), Figures())
    assert [draft.text[: draft.place_of(at)] for at in (0, 1, 3, 5, 6)] == [
        "new\n", "new\na", "new\na\nB", "new\na\nBBB\n", "new\na\nBBB\nc"
    ]  # fmt: skip
    assert draft.place_of(9) <= len(draft.text)
    assert replace(draft, texts=("",)).place_of(5) == 0


def test_typing_into_a_review_leaves_what_was_said_of_other_changes() -> None:
    """A line that was not changed is one more change then, and wanted like any other."""
    draft = Draft(span=Span(0, 5), original="a\nb\nc").settled(("A\nb\nc",), Figures())
    review = Review.of(draft).said(wanted=False)
    hand = draft.entered(5).inserted("!")
    written = review.written(replace(draft.written(hand), texts=(hand.text,)))
    assert written.verdicts == (False, None)
    assert written.draft.change(written.kept).apply("a\nb\nc") == "a\nb\nc!"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_what_was_typed_into_whole_lines_is_whole_lines(end: str) -> None:
    """The picture had not come to their end: it must not join the line after them."""
    draft = Draft(span=Span(0, 1), original=f"a = 1{end}")
    for seen, kept in (("a = 2", f"a = 2{end}"), ("a = 2\n", "a = 2\n"), ("", "")):
        pieces = (Piece(seen, "accepted"),)
        assert replace(draft, pieces=pieces).as_written().text == kept
