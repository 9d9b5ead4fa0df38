"""Several answers: where they agree, and one with parts of another."""

from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.consensus import agreement, disputed, merged
from diffedit.core.diff import hunks

lines = st.lists(st.sampled_from(["", "a", "b b", "c", "d"]), max_size=6).map("\n".join)


def test_what_one_answer_says_alone_is_disputed() -> None:
    """Word by word, against all the others."""
    text = "return a + b"
    assert [text[a:b] for a, b in disputed(text, ["return a + c", "return a - b"])] == ["+", "b"]
    assert disputed(text, [text, text]) == ()
    assert agreement(text, [text]) == 1.0
    assert agreement(text, ["return a + c"]) == 1 - 1 / 9


def test_a_hunk_may_come_from_another_answer() -> None:
    """The one that is looked at is as the other has it; the rest stays mine."""
    old, mine, other = "a\nb\nc\nd\ne", "A\nb\nc\nd\nE", "X\nb\nc\nd\nY"
    assert merged(old, mine, other, 0) == "X\nb\nc\nd\nE"
    assert merged(old, mine, other, 1) == "A\nb\nc\nd\nY"


def test_what_hangs_together_is_exchanged_together() -> None:
    """The other's one hunk lies over both of mine: both go."""
    assert merged("a\nb\nc", "A\nb\nC", "1\n2\n3", 0) == "1\n2\n3"


def test_where_the_other_changed_nothing_the_old_text_comes_back() -> None:
    """Agreeing with the page is an answer too."""
    assert merged("a\nb", "A\nb", "a\nB", 0) == "a\nb"


@given(lines, lines, lines, st.integers(0, 5))
def test_a_merge_is_made_of_the_three_texts(old: str, mine: str, other: str, first: int) -> None:
    """Each line comes from one of them; merged with itself, or with no answer, nothing is new."""
    count = len(hunks(old, mine))
    if not count:
        return
    number = first % count
    known = {line for text in (old, mine, other) for line in text.split("\n")}
    assert set(merged(old, mine, other, number).split("\n")) <= known
    assert merged(old, mine, mine, number) == mine
    assert len(hunks(old, merged(old, mine, old, number))) < count or count == 0


@given(lines, lines)
def test_disputed_parts_are_parts_of_the_text(text: str, other: str) -> None:
    """In order, within it; and a text never disputes itself."""
    parts = disputed(text, [other])
    assert all(0 <= start < end <= len(text) for start, end in parts)
    assert disputed(text, [text]) == ()
