"""Three-way merge: both sides' changes are kept, and a collision is never settled by guessing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW

from diffedit.core.merge import merge, merged

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8).map("\n".join)


def kinds(base: str, mine: str, theirs: str) -> list[str]:
    """Who changed what, in order."""
    return [part.kind for part in merge(base, mine, theirs)]


@LAW
@given(LINES, LINES, LINES)
def test_each_text_is_in_its_parts(base: str, mine: str, theirs: str) -> None:
    """Taking one side everywhere gives that text, whole; rows count along mine."""
    parts = merge(base, mine, theirs)
    for side, text in (("base", base), ("mine", mine), ("theirs", theirs)):
        assert "\n".join(line for part in parts for line in part.lines(side)) == text  # type: ignore[arg-type]
    reached = 0
    for part in parts:
        assert part.row == reached
        reached += len(part.mine)


@LAW
@given(LINES, LINES)
def test_one_side_alone_is_taken(base: str, other: str) -> None:
    """Where one side changed nothing, or both the same, the merge is the other side's text."""
    assert merged(merge(base, other, base), {}) == other
    assert merged(merge(base, base, other), {}) == other
    assert merged(merge(base, other, other), {}) == other


def test_changes_apart_come_together() -> None:
    """Mine at the top and theirs at the bottom are both in the merge."""
    parts = merge("a\nb\nc\nd", "A\nb\nc\nd", "a\nb\nc\nD\ne")
    assert [part.kind for part in parts] == ["mine", "same", "theirs"]
    assert merged(parts, {}) == "A\nb\nc\nD\ne"


def test_a_collision_must_be_settled() -> None:
    """The same line changed in two ways has no answer of its own; each answer is that side's."""
    parts = merge("a\nb\nc", "a\nmine\nc", "a\ntheirs\nc")
    assert [part.kind for part in parts] == ["same", "conflict", "same"]
    with pytest.raises(ValueError, match="not settled"):
        merged(parts, {})
    assert merged(parts, {1: "all"}) == "a\nmine\ntheirs\nc"
    assert merged(parts, {1: "base"}) == "a\nb\nc"


def test_changes_that_touch_collide() -> None:
    """A line changed by me right above one that they changed is for a person to settle."""
    assert kinds("a\nb", "A\nb", "a\nB") == ["conflict"]
    assert kinds("a\nb\nc", "A\nb\nc", "a\nb\nC") == ["mine", "same", "theirs"]
