"""The outer loop: canvases in a row, candidates side by side, one Outcome at the end, always."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from engine_fakes import CausalModel, NoisyModel, editor, hashed
from hypothesis import given, settings
from hypothesis import strategies as st

from diffedit.core.draft import Piece
from diffedit.engine import rewrite
from diffedit.engine.backend import Cancelled, Noise
from diffedit.engine.causal import Window
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step

Run = Callable[[Cancelled], Iterator[Event]]


def never() -> bool:
    """Nobody cancels."""
    return False


def after(asked: int) -> Cancelled:
    """Cancelled when asked for the n-th time, and ever after."""
    left = iter(range(asked))
    return lambda: next(left, None) is None


def canvas_run(seed: int, noise: Noise = "uniform") -> Run:
    """Three canvases of eight slots, the last of them ending the text."""
    model = NoisyModel(list(range(1, 21)), length=8, noise=noise, steps=4)
    request = CanvasRequest(prefix=(9, 9), original="old text")
    return lambda cancelled: rewrite.canvases(model, request, DenoiseParams(seed=seed), cancelled)


def row_run(seed: int, noise: Noise = "causal") -> Run:
    """Three candidates of a model that ends its text by chance."""
    model = CausalModel(hashed(50, 2, end_every=30))
    request = RowsRequest(
        prefix=(9, 9), start=(1, 2, 3, 4), temperatures=(0.0, 1.0, 1.0), original="old text"
    )
    return lambda cancelled: rewrite.rows(model, request, DenoiseParams(seed=seed), cancelled)


RUNS = st.tuples(
    st.sampled_from([canvas_run, row_run]),
    st.integers(0, 99),
    st.sampled_from(["uniform", "mask"]),
)


@settings(deadline=None)
@given(run=RUNS, asked=st.integers(0, 40))
def test_a_run_is_one_start_any_steps_and_one_outcome(
    run: tuple[Callable[[int, Noise], Run], int, Noise], asked: int
) -> None:
    """Cancelled or not: the order holds, steps count up from 1, and a cancel keeps the picture."""
    make, seed, noise = run
    events = list(make(seed, noise)(after(asked)))
    started, steps, outcome = events[0], events[1:-1], events[-1]
    assert isinstance(started, Started)
    assert isinstance(outcome, Outcome)
    numbers = [event.step for event in steps if isinstance(event, Step)]
    assert numbers == list(range(1, len(steps) + 1))
    assert outcome.steps == len(steps)
    full = len(list(make(seed, noise)(never)))
    if len(events) < full:
        assert outcome.stop == "cancelled"
    if outcome.stop == "cancelled":
        last = steps[-1].pieces if steps and isinstance(steps[-1], Step) else ()
        assert outcome.text == ("".join(piece.text for piece in last) if steps else "old text")
        assert outcome.alternatives == ()


@settings(deadline=None)
@given(run=RUNS)
def test_the_same_seed_gives_the_same_events(
    run: tuple[Callable[[int, Noise], Run], int, Noise],
) -> None:
    """Equal in every field, from the first to the last."""
    make, seed, noise = run
    assert list(make(seed, noise)(never)) == list(make(seed, noise)(never))


def outcome_of(events: Iterator[Event]) -> Outcome:
    """The last event."""
    *_, last = events
    assert isinstance(last, Outcome)
    return last


@pytest.mark.parametrize(("noise", "sure_at"), [("uniform", 4), ("mask", 1)])
def test_a_text_longer_than_a_canvas_goes_on_in_the_next(noise: Noise, sure_at: int) -> None:
    """Twenty ids in canvases of eight: two are committed to the prefix, the third ends the text."""
    target = list(range(1, 21))
    model = NoisyModel(target, length=8, noise=noise, steps=sure_at)
    request = CanvasRequest(prefix=(9, 9))
    events = list(rewrite.canvases(model, request, DenoiseParams(seed=1), never))
    outcome = outcome_of(iter(events))
    assert outcome.text == "".join(f"{token} " for token in target)
    assert (outcome.stop, outcome.canvases, outcome.tokens) == ("sure", 3, 20)
    assert model.prefilled == [[9, 9]]
    assert model.committed == [target[:8], target[8:16]]
    steps = [event for event in events if isinstance(event, Step)]
    assert [step.canvas for step in steps if step.canvas_step == 1] == [1, 2, 3]
    later = [step for step in steps if step.canvas == 3]
    assert all(len(step.pieces) >= 16 for step in later)
    assert all(step.pieces[0].text == "1 " for step in later)


def test_a_text_without_end_is_cut_and_says_so() -> None:
    """Two canvases allowed, no end in them."""
    model = NoisyModel(list(range(1, 41)), length=8, steps=2)
    outcome = outcome_of(
        rewrite.canvases(model, CanvasRequest(prefix=()), DenoiseParams(max_canvases=2), never)
    )
    assert outcome.stop == "steps"
    assert outcome.note == "The answer was cut at 16 tokens."
    assert outcome.canvases == 2


def test_a_budget_of_tokens_is_rounded_up_to_canvases() -> None:
    """Nine tokens need two canvases of eight."""
    model = NoisyModel(list(range(1, 41)), length=8, steps=2)
    request = CanvasRequest(prefix=(), max_tokens=9)
    assert outcome_of(rewrite.canvases(model, request, DenoiseParams(), never)).canvases == 2


def test_kept_stretches_come_back_over_all_canvases() -> None:
    """Known ids stand in the answer where they stood, though the model would write others."""
    model = NoisyModel([5] * 14, length=8, steps=3)
    known = (None, 7, 7, None, None, None, None, None, 8, None)
    events = list(
        rewrite.canvases(model, CanvasRequest(prefix=(), known=known), DenoiseParams(), never)
    )
    assert outcome_of(iter(events)).text.split() == ["5", "7", "7", *["5"] * 5, "8", *["5"] * 5]
    started = events[0]
    assert isinstance(started, Started)
    assert (started.free, started.kept) == (6, 2)
    for step in events[1:-1]:
        assert isinstance(step, Step)
        assert step.pieces[1] == Piece("7 ", "kept", 0.0)


def test_an_end_before_kept_text_does_not_drop_it() -> None:
    """The model ends after three ids; the kept ids further on stay."""
    model = NoisyModel([5] * 3, length=8, steps=2)
    known = (None,) * 6 + (7, None)
    request = CanvasRequest(prefix=(), known=known)
    assert outcome_of(rewrite.canvases(model, request, DenoiseParams(), never)).text == "5 5 5 7 "


def test_infill_answers_with_the_hole_alone() -> None:
    """Both sides are clamped in one canvas and do not come back; an end in the hole closes it."""
    model = NoisyModel([1, 1, 5, 6, 0, 0], length=8, steps=3)
    known = (3, 3, None, None, None, None, 4, 4)
    request = CanvasRequest(prefix=(), known=known, hole=(2, 6))
    outcome = outcome_of(rewrite.canvases(model, request, DenoiseParams(), never))
    assert (outcome.text, outcome.tokens, outcome.canvases, outcome.note) == ("5 6 ", 2, 1, "")
    assert all(seen.ids[:2] == (3, 3) and seen.ids[6:] == (4, 4) for seen in model.seen)


def test_a_canvas_that_is_all_kept_needs_no_model() -> None:
    """Nothing free: the text comes back, without a step."""
    model = NoisyModel([5], length=4)
    request = CanvasRequest(prefix=(), known=(1, 2, 3, 0), max_tokens=4)
    outcome = outcome_of(rewrite.canvases(model, request, DenoiseParams(), never))
    assert (outcome.text, outcome.steps) == ("1 2 3 ", 0)


def test_a_warm_start_begins_with_the_old_text() -> None:
    """A quarter of the noise: most of the first canvas is the span's own ids, then its filling."""
    model = NoisyModel([5] * 6, length=8, steps=2)
    request = CanvasRequest(prefix=(), start=(30, 31, 32, 33), fill=0)
    list(rewrite.canvases(model, request, DenoiseParams(noise=0.25), never))
    first = model.seen[0].ids
    assert sum(a == b for a, b in zip(first, (30, 31, 32, 33, 0, 0, 0, 0), strict=True)) >= 6


def test_the_noise_may_come_from_outside() -> None:
    """A backend can give its own ids, one call for the first canvas and one a step."""
    calls = list[int]()

    def fresh(count: int) -> list[int]:
        calls.append(count)
        return [41] * count

    model = NoisyModel([5] * 3, length=8, steps=3)
    request = CanvasRequest(prefix=(), fresh=fresh)
    outcome = outcome_of(rewrite.canvases(model, request, DenoiseParams(), never))
    assert model.seen[0].ids == (41,) * 8
    assert calls == [8] * (outcome.steps + 1)


def test_candidates_are_finished_together_and_ranked() -> None:
    """The finish sees every raw answer; its order is the order of the texts."""
    seen = list[list[str]]()

    def longest_first(answers: object) -> Finished:
        assert isinstance(answers, list)
        seen.append(answers)
        order = sorted(range(len(answers)), key=lambda place: -len(answers[place]))
        return Finished(texts=tuple(answers[place] for place in order), best=order[0], note="Hm.")

    model = CausalModel(hashed(50, 2, end_every=12))
    request = RowsRequest(prefix=(9, 9), temperatures=(0.0, 1.0, 1.0), finish=longest_first)
    outcome = outcome_of(rewrite.rows(model, request, DenoiseParams(seed=4), never))
    one_by_one = [
        "".join(model.decode(model.one_by_one([9, 9], 256, noise_seed)))
        for noise_seed in (0, 13, 14)
    ]
    assert seen == [one_by_one]
    assert [outcome.text, *outcome.alternatives] == sorted(one_by_one, key=len, reverse=True)
    assert (outcome.stop, outcome.note) == ("end", "Hm.")
    assert outcome.tokens == outcome.text.count("<")


def test_the_selection_is_the_first_picture_of_a_left_to_right_model() -> None:
    """What has not settled yet shows the selected text as noise, and then settles into it."""
    selection = tuple(range(1, 101))
    model = CausalModel(editor(2, selection, 1000))
    request = RowsRequest(prefix=(9, 9), start=selection, window=Window(least=4, most=8))
    events = list(rewrite.rows(model, request, DenoiseParams(), never))
    whole = "".join(f"<{token}>" for token in selection)
    steps = [event for event in events if isinstance(event, Step)]
    assert all("".join(piece.text for piece in step.pieces) == whole for step in steps)
    settled = [sum(piece.state == "accepted" for piece in step.pieces) for step in steps]
    assert settled == sorted(settled)
    assert settled[0] == 9
    assert [step.canvas for step in steps if step.canvas_step == 1] == [1, 2, 3, 4, 5, 6, 7]
    assert outcome_of(iter(events)).text == whole


def test_steps_are_limited_when_the_person_says_so() -> None:
    """Three looks and no more: the picture so far is the text, and the note says why."""
    model = CausalModel(hashed(500, 3))
    request = RowsRequest(prefix=(9, 9))
    outcome = outcome_of(rewrite.rows(model, request, DenoiseParams(max_steps=3), never))
    assert (outcome.steps, outcome.stop) == (3, "steps")
    assert outcome.note == "Stopped after 3 steps, before the text had settled."


def test_a_budget_cuts_a_left_to_right_text_and_says_so() -> None:
    """Twelve tokens, then the end."""
    model = CausalModel(hashed(500, 3))
    request = RowsRequest(prefix=(9, 9), max_tokens=12)
    outcome = outcome_of(rewrite.rows(model, request, DenoiseParams(), never))
    assert (outcome.tokens, outcome.stop) == (12, "steps")
    assert outcome.note == "The answer was cut at 12 tokens."


def test_pictures_may_be_trimmed_for_the_screen() -> None:
    """What the picture hides is hidden in every step, and in a cancelled text."""

    def only_two(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return pieces[:2]

    noisy, causal = NoisyModel([5, 6, 7], length=8, steps=9), CausalModel(hashed(50, 2))
    params = DenoiseParams()
    for run in (
        rewrite.canvases(noisy, CanvasRequest(prefix=(), picture=only_two), params, after(4)),
        rewrite.rows(causal, RowsRequest(prefix=(9,), picture=only_two), params, after(4)),
    ):
        *steps, last = list(run)[1:]
        assert isinstance(last, Outcome)
        assert isinstance(steps[-1], Step)
        assert len(steps[-1].pieces) == 2
        assert last.text == "".join(piece.text for piece in steps[-1].pieces)


def test_the_picture_is_the_first_candidate_that_makes_sense() -> None:
    """Another one is looked at, or what was seen before; the answers are the same ones."""
    model = CausalModel(hashed(50, 2, end_every=12))
    first = "".join(model.decode(model.one_by_one([9, 9], 256, 0)))[:3]
    senses: dict[str, Callable[[str], bool] | None] = {
        "all": None,
        "other": lambda text: not text.startswith(first),
        "none": lambda text: not text,
    }
    events = dict[str, list[Event]]()
    for name, sense in senses.items():
        request = RowsRequest(
            prefix=(9, 9), temperatures=(0.0, 1.0), original="as it was", sense=sense
        )
        model = CausalModel(hashed(50, 2, end_every=12))
        events[name] = list(rewrite.rows(model, request, DenoiseParams(seed=4), never))

    def pictures(name: str) -> list[str]:
        steps = (event for event in events[name] if isinstance(event, Step))
        return ["".join(piece.text for piece in step.pieces) for step in steps]

    outcomes = [outcome_of(iter(one)) for one in events.values()]
    assert len({(one.text, one.alternatives) for one in outcomes}) == 1
    assert all(picture.startswith(outcomes[0].text[:3]) for picture in pictures("all"))
    assert pictures("other")[-1] == outcomes[0].alternatives[0]
    assert set(pictures("none")) == {"as it was"}


def test_a_seed_changes_the_noise() -> None:
    """Another seed, other first canvases and other samples."""
    assert Random(1).random() != Random(2).random()
    one, other = list(row_run(1)(never)), list(row_run(2)(never))
    assert one != other
