"""Parallel decoding gives the token-by-token text, in fewer looks than tokens."""

from collections.abc import Sequence
from random import Random

from engine_fakes import CausalModel, editor, hashed
from hypothesis import given, settings
from hypothesis import strategies as st

from diffedit.engine.causal import Limits, Row, RowsLook, Window, circle, decode_rows
from diffedit.engine.guess import Source

PREFIX = [7, 8, 9]


def decode(  # every dial of a run
    model: CausalModel,
    selection: list[int],
    *,
    rows: int = 1,
    tokens: int = 40,
    window: Window | None = None,
    temperature: float = 0.0,
    stop: str = "",
    circles: bool = True,
) -> tuple[list[Row], list[RowsLook]]:
    """Run to the end."""
    window = window or Window()
    model.prefill(PREFIX)
    batch = [
        Row(
            temperature=temperature,
            noise_seed=number + 1,
            source=Source(selection),
            window=window.first(rows),
        )
        for number in range(rows)
    ]
    check = (lambda text: stop in text) if stop else None
    limits = Limits(tokens=tokens, stop=check, circles=circles)
    return batch, list(decode_rows(model, batch, limits, window))


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    vocabulary=st.integers(2, 12),
    reach=st.integers(1, 4),
    selection=st.lists(st.integers(1, 11), max_size=40),
    rows=st.integers(1, 5),
    least=st.integers(1, 8),
    most=st.integers(8, 20),
    total=st.integers(1, 40),
    filler=st.integers(0, 20),
    doubtful=st.booleans(),
    warm=st.booleans(),
)
def test_it_is_the_token_by_token_text(
    *,
    seed: int,
    vocabulary: int,
    reach: int,
    selection: list[int],
    rows: int,
    least: int,
    most: int,
    total: int,
    filler: int,
    doubtful: bool,
    warm: bool,
) -> None:
    """Whatever the model, the selection, the window and the batch: the text is the same."""
    follow = hashed(vocabulary, reach, end_every=25 if seed % 2 else 0)
    model = CausalModel(lambda ids, noise: follow([seed, *ids], noise))
    window = Window(least=least, most=most, total=total, filler=filler, doubtful=doubtful)
    batch, _ = decode(model, selection, rows=rows, window=window, temperature=0.7 if warm else 0.0)
    expected = [model.one_by_one(PREFIX, 40, number + 1 if warm else 0) for number in range(rows)]
    assert [row.settled for row in batch] == expected
    assert model.calls <= max(len(text) + 1 for text in expected)
    assert model.widest <= max(total, rows)
    assert model.longest < len(PREFIX) + 40


def edited(random: Random, text: list[int]) -> list[int]:
    """The text with a word inserted, one deleted, one replaced, in random places."""
    text = list(text)
    at = random.randrange(5, len(text) - 5)
    text[at:at] = [random.randrange(1, 1000) for _ in range(random.randrange(1, 6))]
    at = random.randrange(5, len(text) - 5)
    del text[at : at + random.randrange(1, 6)]
    text[random.randrange(len(text))] = random.randrange(1, 1000)
    return text


def test_a_mostly_kept_selection_takes_few_looks() -> None:
    """With three edits in 200 tokens, a look settles more than eight tokens in the mean."""
    looks = tokens = 0
    for seed in range(20):
        random = Random(seed)
        selection = [random.randrange(1, 60) for _ in range(200)]
        target = edited(random, selection)
        model = CausalModel(editor(len(PREFIX), target, 1000))
        batch, _ = decode(model, selection, tokens=400)
        assert batch[0].settled == model.one_by_one(PREFIX, 400)
        looks, tokens = looks + model.calls, tokens + len(target)
    assert tokens / looks > 8


def test_an_unchanged_selection_is_read_off_in_full_windows() -> None:
    """Nothing to change: 200 tokens in as many looks as windows of 64 need."""
    selection = list(range(1, 201))
    model = CausalModel(editor(len(PREFIX), selection, 1000))
    batch, looks = decode(model, selection, tokens=400)
    assert batch[0].settled == selection
    assert batch[0].stop == "end"
    assert len(looks) == 4


def test_the_window_grows_where_guesses_hold_and_shrinks_where_they_fail() -> None:
    """Double when all held, half when most failed, never out of its bounds."""
    window = Window(least=8, most=64, total=256)
    assert window.after(16, held=16, guessed=16, rows=1) == 32
    assert window.after(64, held=64, guessed=64, rows=1) == 64
    assert window.after(32, held=20, guessed=32, rows=1) == 32
    assert window.after(32, held=3, guessed=32, rows=1) == 16
    assert window.after(8, held=0, guessed=8, rows=1) == 8
    assert window.after(64, held=64, guessed=64, rows=9) == 28
    assert window.after(32, held=7, guessed=7, rows=1) == 14
    assert window.after(32, held=0, guessed=0, rows=1) == 32


def test_a_finished_row_leaves_the_batch() -> None:
    """Rows end at different looks; the model is asked for the others alone."""
    model = CausalModel(hashed(9, 2, end_every=8))
    batch, looks = decode(model, [3], rows=6, temperature=1.0, tokens=60)
    sizes = [len(look.live) for look in looks]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 < sizes[-1] < sizes[0] == 6
    assert all(row.stop for row in batch)


def test_a_stop_test_cuts_exactly_where_it_first_holds() -> None:
    """Tokens that settled together with the stopping one, but after it, are dropped."""
    selection = list(range(1, 101))
    model = CausalModel(editor(len(PREFIX), selection, 1000))
    batch, _ = decode(model, selection, tokens=400, stop="<37>")
    assert batch[0].settled == selection[:37]
    assert batch[0].stop == "end"
    assert len(batch[0].entropy) == 37


def test_the_budget_ends_a_row() -> None:
    """A row stops at its budget of tokens, and says that it ran out."""
    selection = list(range(1, 101))
    model = CausalModel(editor(len(PREFIX), selection, 1000))
    batch, _ = decode(model, selection, tokens=21)
    assert batch[0].settled == selection[:21]
    assert batch[0].stop == "steps"


def test_every_look_settles_a_slot_of_every_live_row() -> None:
    """Even where all guesses fail, each live row grows."""
    model = CausalModel(hashed(500, 3))
    batch, looks = decode(model, [5] * 30, rows=3, tokens=12, temperature=1.0)
    assert all(look.settled >= len(look.live) for look in looks)
    assert all(0 < look.share <= 1 for look in looks)
    assert [len(row.settled) for row in batch] == [12, 12, 12]


def test_what_was_changed_once_is_guessed_to_be_changed_again() -> None:
    """A new name, of two ids instead of one: the second place is guessed with the new name."""
    text = [1, 2, 7, 3, 4, 5, 7, 6, 8, 7, 9]
    source = Source(text)
    assert source.guesses([], [], 4) == [1, 2, 7, 3]
    assert source.guesses([1, 2, 90, 91, 3, 4], [], 20) == [5, 90, 91, 6, 8, 90, 91, 9]


def test_a_change_that_is_not_made_again_is_no_longer_guessed() -> None:
    """The second place keeps the old id: so it is guessed of the third."""
    source = Source([1, 2, 7, 3, 4, 5, 7, 6, 8, 7, 9])
    source.guesses([], [], 4)
    assert source.guesses([1, 2, 90, 3, 4], [], 9) == [5, 90, 6, 8, 90, 9]
    assert source.guesses([1, 2, 90, 3, 4, 5, 7], [], 9) == [6, 8, 7, 9]


def test_a_change_of_names_takes_a_handful_of_looks() -> None:
    """Twenty places of 200 tokens are renamed; only the first of them has to be found out."""
    random = Random(3)
    selection = [random.randrange(1, 60) for _ in range(200)]
    selection[5::10] = [77] * 20
    target = [new for old in selection for new in ([80, 81] if old == 77 else [old])]
    model = CausalModel(editor(len(PREFIX), target, 1000))
    batch, looks = decode(model, selection, tokens=400)
    assert batch[0].settled == target
    assert len(looks) < 16


def test_guesses_find_the_selection_again_after_an_insertion() -> None:
    """The first id after the insertion that goes on in the selection is enough."""
    source = Source([1, 2, 3, 4, 5, 6])
    assert source.guesses([], [], 3) == [1, 2, 3]
    assert source.guesses([1, 2, 90, 91], [50], 3) == [50]
    assert source.guesses([1, 2, 90, 91, 3], [50], 3) == [4, 5, 6]


def test_guesses_find_the_selection_again_after_a_deletion() -> None:
    """The id after the gap is found further on: near, or anywhere if it stands there once."""
    assert Source([1, 2, 3, 4, 5, 4]).guesses([1, 2, 4], [50], 2) == [5, 4]
    far = [1, 2, *[3] * 20, 4, 5, 6, 4]
    assert Source(far).guesses([1, 2, 4], [50], 2) == [50]
    assert Source(far).guesses([1, 2, 5], [50], 2) == [6, 4]


def test_of_matches_the_longest_wins_and_of_equals_the_nearest_forward() -> None:
    """What stands before a match tells its places apart; else reading order does."""
    source = Source([1, 2, 3, 9, 2, 3, 5, 8, 2, 3, 6])
    assert source.guesses([1, 2, 3, 9, 2, 3], [50], 1) == [5]
    assert Source([1, 2, 3, 9, 2, 3, 5]).guesses([9, 2, 3], [50], 1) == [5]
    assert Source([2, 3, 5, 8, 2, 3, 6]).guesses([2, 3, 5, 7, 2, 3], [50], 1) == [6]


def test_guesses_go_from_the_model_s_own_back_into_the_selection() -> None:
    """A replaced word: the model's own guesses lead on, then the selection does."""
    source = Source([1, 2, 3, 4, 5, 6, 7])
    assert source.guesses([1, 2, 99], [4, 5], 4) == [4, 5, 6, 7]


def test_nearby_text_is_looked_up_but_never_begun_with() -> None:
    """Without a selection there is no first guess; a match in nearby text gives the next ones."""
    source = Source([], [1, 2, 3, 4])
    assert source.guesses([], [], 3) == []
    assert source.guesses([9, 1, 2], [50], 3) == [3, 4]


def turning(ids: Sequence[int], noise_seed: int) -> int:
    """A model that says 1, 2, 3 for ever."""
    return len(ids) % 3 + 1


def test_a_row_that_runs_in_a_circle_is_ended() -> None:
    """The same few tokens over and over end a row long before its budget."""
    batch, _ = decode(CausalModel(turning), [], tokens=400, circles=False)
    assert batch[0].circled
    assert batch[0].stop == "steps"
    assert len(batch[0].settled) < 100


def test_a_circle_that_the_selection_has_goes_on() -> None:
    """A table that repeats itself may be repeated."""
    table = [len(PREFIX + [0] * at) % 3 + 1 for at in range(60)]
    batch, _ = decode(CausalModel(turning), table, tokens=60, circles=False)
    assert batch[0].settled == table
    assert not batch[0].circled


def test_a_circle_is_many_turns_and_many_tokens() -> None:
    """Four equal turns of at least 24 tokens in all; less is only a repetition."""
    assert circle([9] + [1, 2, 3] * 8) == [1, 2, 3] * 8
    assert circle([1, 2, 3] * 7) == ()
    assert circle(list(range(20)) * 3) == ()
    assert len(circle(list(range(20)) * 4)) == 80
    assert circle([1, 2, 3] * 8 + [4]) == ()


def test_where_slots_cost_only_what_the_text_says_is_looked_at() -> None:
    """Without doubtful guesses new text takes a slot a token, and kept text its few looks."""
    kept = list(range(10, 40))
    target = [*kept[:15], 90, 91, 92, 93, 94, *kept[15:]]
    looked: dict[bool, int] = {}
    for doubtful in (True, False):
        model = CausalModel(editor(len(PREFIX), target, 100))
        window = Window(filler=16 if doubtful else 0, doubtful=doubtful)
        batch, looks = decode(model, kept, window=window, tokens=len(target))
        assert batch[0].settled == target
        looked[doubtful] = sum(len(look.entropy) for look in looks)
        assert len(looks) < len(target) / 2
    assert looked[False] < len(target) + 20 < looked[True]
