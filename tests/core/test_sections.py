"""Several places of one span: whatever a model writes there, what lies between never changes."""

from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.consensus import merged
from diffedit.core.draft import Draft
from diffedit.core.sections import rows_between, sections
from diffedit.core.span import Span
from diffedit.core.stretch import Stretches, places
from diffedit.core.text import Text

words = st.text("ab\n", max_size=8)
glue = st.text("ab\n", min_size=1, max_size=6)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Stretches, str, str]:
    """A text of several places, what lies between them, and two answers that leave that alone."""
    old = new = other = ""
    between = list[tuple[int, int]]()
    for number in range(draw(st.integers(2, 4))):
        if number:
            part = draw(glue)
            between.append((len(old), len(old) + len(part)))
            old, new, other = old + part, new + part, other + part
        old += draw(words.filter(bool))
        new, other = new + draw(words), other + draw(words)
    return old, tuple(between), new, other


def outside(text: str, changes: object, between: Stretches, at: int) -> list[str]:
    """What stands between the places after the changes, by where each gap has gone."""
    assert hasattr(changes, "carry")
    return [
        text[slice(span.start, span.end)]
        for start, end in between
        for span in [changes.carry(Span(start + at, end + at))]
    ]


@given(edits(), st.data())
def test_text_outside_the_places_never_changes(
    edit: tuple[str, Stretches, str, str], data: st.DataObject
) -> None:
    """Whichever hunks are kept, of an answer or a merge of two, only the places change."""
    old, between, new, other = edit
    page = f"head\n{old}\ntail"
    span = Span(5, 5 + len(old))
    draft = Draft(span=span, original=old, between=between, status="settled", texts=(new,))
    hunks = draft.hunks()
    merge: bool = data.draw(st.booleans())
    if hunks and merge:
        number = data.draw(st.integers(0, len(hunks) - 1))
        draft = Draft(
            span=span,
            original=old,
            between=between,
            status="settled",
            texts=(merged(old, new, other, number, between),),
        )
    kept: set[int] | None = data.draw(st.none() | st.sets(st.integers(0, 9)))
    changes = draft.change(kept)
    after = changes.apply(page)
    wanted = [old[start:end] for start, end in between]
    assert outside(after, changes, between, 5) == wanted
    assert (after[:5], after[-5:]) == (page[:5], page[-5:])
    assert changes.invert(page).apply(after) == page
    if kept is None:
        assert after == f"head\n{draft.text}\ntail"
    for change in changes.changes:
        assert any(
            start + 5 <= change.span.start and change.span.end <= end + 5
            for start, end in ((a.start, a.end) for a, _ in sections(old, between, draft.text))
        )


@given(edits())
def test_each_place_has_its_counterpart(edit: tuple[str, Stretches, str, str]) -> None:
    """What the places hold, with what lies between, is all of the new text."""
    old, between, new, _ = edit
    pairs = sections(old, between, new)
    assert len(pairs) == len(between) + 1
    found = places(old, between, new)
    assert found is not None
    joined = "".join(
        new[after.start : after.end] + (new[slice(*found[n])] if n < len(found) else "")
        for n, (_, after) in enumerate(pairs)
    )
    assert joined == new
    for row, line in rows_between(old, between, new).items():
        assert new.split("\n")[row] == old.split("\n")[line]


def test_an_answer_that_touches_what_is_between_changes_nothing() -> None:
    """It has no hunks and no change, whoever made it."""
    old = "one\ntwo\nthree"
    draft = Draft(span=Span(0, 13), original=old, between=((3, 8),), texts=("ONE\nTWO\nTHREE",))
    assert draft.hunks() == ()
    assert not draft.change()


def test_two_places_on_a_line_are_one_hunk() -> None:
    """A line is shown once, and taken or left as a whole; what is between them is no change."""
    old = "f(a, b)"
    draft = Draft(span=Span(0, 6), original=old[:6], between=((3, 5),), texts=("f(x, y",))
    (hunk,) = draft.hunks()
    assert (hunk.old_rows, hunk.new_rows) == ((0, 1), (0, 1))
    assert draft.change({0}).apply(old) == "f(x, y)"
    assert len(draft.change({0}).changes) == 2
    assert Text(draft.change(set()).apply(old)).lines == [old]
