"""The laws of change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW, TEXTS, changes_of, spans_in

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Span


def changed(*changes: tuple[int, int, str]) -> ChangeSet:
    """The changes written as start, end, text."""
    return ChangeSet(tuple(Change(Span(start, end), text) for start, end, text in changes))


def marked(text: str) -> tuple[str, Span]:
    """A text without its brackets, and the span that they enclose."""
    start, end = text.index("["), text.index("]") - 1
    return text.replace("[", "").replace("]", ""), Span(start, end)


@LAW
@given(st.data())
def test_inverted_is_undone(data: st.DataObject) -> None:
    """What is applied and then inverted leaves the text as it was."""
    text = data.draw(TEXTS)
    changes = data.draw(changes_of(text))
    assert changes.invert(text).apply(changes.apply(text)) == text


@LAW
@given(st.data())
def test_inverted_twice_is_the_same(data: st.DataObject) -> None:
    """The way back of the way back is the way there."""
    text = data.draw(TEXTS)
    changes = data.draw(changes_of(text))
    there = changes.invert(text).invert(changes.apply(text))
    assert there.apply(text) == changes.apply(text)
    assert there == changes


@LAW
@given(st.data())
def test_a_slicer_serves_as_the_text(data: st.DataObject) -> None:
    """To invert, a function that slices is as good as the whole text."""
    text = data.draw(TEXTS)
    changes = data.draw(changes_of(text))
    assert changes.invert(lambda s: text[s.start : s.end]) == changes.invert(text)


@LAW
@given(st.data())
def test_composed_is_one_after_the_other(data: st.DataObject) -> None:
    """Composed changes do at once what the two do in turn; so do three, either way grouped."""
    text = data.draw(TEXTS)
    one = data.draw(changes_of(text))
    between = one.apply(text)
    two = data.draw(changes_of(between))
    after = two.apply(between)
    three = data.draw(changes_of(after))
    assert one.compose(two).apply(text) == after
    assert one.compose(two).compose(three).apply(text) == three.apply(after)
    assert one.compose(two.compose(three)).apply(text) == three.apply(after)


@LAW
@given(st.data())
def test_untouched_text_is_carried_whole(data: st.DataObject) -> None:
    """A span that no change touches holds the same text afterwards."""
    text = data.draw(TEXTS)
    changes = data.draw(changes_of(text))
    span = data.draw(spans_in(text))
    after = changes.apply(text)
    carried = changes.carry(span)
    assert carried.end <= len(after)
    assert carried.empty or not span.empty
    if not changes.touches(span):
        assert after[carried.start : carried.end] == text[span.start : span.end]


@LAW
@given(st.data())
def test_order_survives(data: st.DataObject) -> None:
    """Of two places, the later one is carried no further to the front than the earlier."""
    text = data.draw(TEXTS)
    changes = data.draw(changes_of(text))
    span = data.draw(spans_in(text))
    for after in (False, True):
        start = changes.carry_position(span.start, after=after)
        assert start <= changes.carry_position(span.end, after=after)
    before = changes.carry_position(span.start, after=False)
    assert before <= changes.carry_position(span.start, after=True)


@LAW
@given(st.data())
def test_outside_is_as_it_was(data: st.DataObject) -> None:
    """What stands before the first change and behind the last is never other than it was."""
    text = data.draw(TEXTS)
    span = data.draw(spans_in(text))
    after = ChangeSet((Change(span, data.draw(TEXTS)),)).apply(text)
    assert after[: span.start] == text[: span.start]
    assert after[len(after) - len(text) + span.end :] == text[span.end :]


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        ("ab[cd]ef", (0, 0, "xy"), "xyab[cd]ef"),
        ("ab[cd]ef", (2, 2, "xy"), "abxy[cd]ef"),
        ("ab[cd]ef", (4, 4, "xy"), "ab[cd]xyef"),
        ("ab[cd]ef", (3, 3, "xy"), "ab[cxyd]ef"),
        ("ab[cd]ef", (2, 4, "xyz"), "ab[xyz]ef"),
        ("ab[cd]ef", (1, 3, "x"), "ax[d]ef"),
        ("ab[cd]ef", (3, 5, "x"), "ab[c]xf"),
        ("ab[cd]ef", (0, 6, "x"), "[]x"),
        ("ab[]cd", (2, 2, "x"), "abx[]cd"),
        ("ab[]cd", (1, 3, ""), "a[]d"),
    ],
)
def test_where_a_span_goes(text: str, change: tuple[int, int, str], expected: str) -> None:
    """A span keeps to its text: what comes in at its edges stays outside."""
    text, span = marked(text)
    changes = changed(change)
    after = changes.carry(span)
    shown = changes.apply(text)
    assert f"{shown[: after.start]}[{shown[after.start : after.end]}]{shown[after.end :]}" == (
        expected
    )


@pytest.mark.parametrize(
    ("span", "change", "touched"),
    [
        (Span(2, 4), (2, 2, "x"), False),
        (Span(2, 4), (4, 4, "x"), False),
        (Span(2, 4), (3, 3, "x"), True),
        (Span(2, 4), (0, 2, "x"), False),
        (Span(2, 4), (4, 6, ""), False),
        (Span(2, 4), (3, 6, ""), True),
        (Span(2, 4), (0, 6, "x"), True),
        (Span(2, 2), (2, 2, "x"), True),
        (Span(2, 2), (2, 2, ""), False),
        (Span(2, 2), (1, 3, ""), True),
        (Span(2, 2), (2, 4, "x"), False),
    ],
)
def test_what_touches_a_span(span: Span, change: tuple[int, int, str], *, touched: bool) -> None:
    """Only what changes its inside, or fills an empty one, touches a span."""
    assert changed(change).touches(span) is touched


def test_only_changes_in_order_exist() -> None:
    """Changes that overlap or stand out of order cannot be made."""
    with pytest.raises(ValueError, match="overlap"):
        changed((0, 3, "x"), (2, 4, "y"))
    with pytest.raises(ValueError, match="order"):
        changed((2, 2, "x"), (0, 0, "y"))


def test_a_change_beyond_the_end_is_refused() -> None:
    """A change outside the text is an error, not a guess."""
    with pytest.raises(ValueError, match="ends at 4, the text at 3"):
        changed((0, 4, "")).apply("abc")


def test_no_changes_are_false() -> None:
    """An empty set says so."""
    assert not ChangeSet(())
    assert changed((0, 0, ""))
