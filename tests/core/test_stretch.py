"""Stretches: parts of a text, joined, cut and found again."""

from hypothesis import given
from hypothesis import strategies as st

from diffedit.core import stretch

parts = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=5)


@given(parts)
def test_a_text_is_its_stretches_and_the_rest(found: list[tuple[int, int]]) -> None:
    """Every character lies in just one of the two, and neither has an empty stretch."""
    mine = stretch.joined(found)
    rest = stretch.rest(12, mine)
    places = [at for part in (*mine, *rest) for at in range(*part)]
    assert sorted(places) == list(range(12))
    assert all(start < end for start, end in (*mine, *rest))


def test_a_word_is_touched_by_any_of_its_characters() -> None:
    """Half a word in a stretch is the whole word; a stretch that only ends there is not."""
    assert stretch.touched(["one", " ", "two", " ", "six"], [(3, 5)]) == {1, 2}
    assert stretch.touched(["", "a"], [(0, 1)]) == {1}


def test_what_is_cut_out_counts_from_there() -> None:
    """Stretches seen from a part of the text begin anew at its beginning."""
    assert stretch.clipped([(0, 3), (5, 9)], 2, 7) == ((0, 1), (3, 5))
    assert stretch.shifted([(1, 2)], 4) == ((5, 6),)


def test_pins_hold_in_order_and_at_the_ends() -> None:
    """Held text may move as its surroundings grow, but not swap, change or leave its end."""
    old = "def f(x):\n    # keep\n    y"
    pins = [(0, 9), (14, 20)]
    assert stretch.held(old, pins, "def f(x):\n    a\n    b  # keep\n    z")
    assert not stretch.held(old, pins, "# keep\ndef f(x):\n")
    assert not stretch.held(old, pins, "def f(x): # kept")
    assert not stretch.held(old, pins, " def f(x):\n    # keep\n    y")
    assert not stretch.held(old, [(25, 26)], "y = 1")
    assert stretch.held(old, [(0, len(old))], old)
    assert not stretch.held(old, [(0, len(old))], old + old)
