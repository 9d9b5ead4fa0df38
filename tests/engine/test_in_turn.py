"""Several answers one after another: one run to those who look on, the surest answer first."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.typed import Typed, Typing, nothing


def once(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
    """Two or three steps to a text that is the seed's own; seed 7 has no answer, 5 no change."""
    yield Started(seed=params.seed, max_steps=3, canvas_length=4, free=4, kept=0)
    text = "old" if params.seed == 5 else f"text {params.seed}"
    count = 2 + params.seed % 2
    for step in range(1, count + 1):
        typed = typing()
        text = text if typed is None else f"{text} {typed.text}"
        doubt = 1.0 / (1 + params.seed)
        yield Step(
            canvas=1,
            step=step,
            canvas_step=step,
            pieces=(Piece(text, "accepted"),),
            accepted=1.0,
            mean_entropy=doubt,
        )
    if params.seed == 7:
        raise ModelError("Nothing.")
    yield Outcome(text=text, stop="sure", steps=count, canvases=1, tokens=4)


def play(params: DenoiseParams, typing: Typing = nothing) -> list[Event]:
    """The run."""
    return list(in_turn(once, params, typing, original="old"))


@given(st.integers(0, 2), st.one_of(st.none(), st.integers(1, 6)))
def test_it_is_one_run(seed: int, candidates: int | None) -> None:
    """One start with the person's own seed, steps counted on, one outcome that has them all."""
    started, *steps, outcome = play(DenoiseParams(seed=seed, candidates=candidates))
    assert isinstance(started, Started)
    assert isinstance(outcome, Outcome)
    assert started.seed == seed
    assert [step.step for step in steps if isinstance(step, Step)] == list(
        range(1, outcome.steps + 1)
    )
    count = candidates or 1
    seeds = range(seed * count, seed * count + count)
    texts = {"old" if one == 5 else f"text {one}" for one in seeds if one != 7}
    assert {outcome.text, *outcome.alternatives} == texts
    assert outcome.tokens == 4 * len(texts)


def test_the_surest_answer_comes_first_and_the_old_text_last() -> None:
    """Higher seeds are surer here; seed 5 is the surest of its three, but changes nothing."""
    *_, outcome = play(DenoiseParams(seed=1, candidates=3))
    assert isinstance(outcome, Outcome)
    assert (outcome.text, *outcome.alternatives) == ("text 4", "text 3", "old")


def test_without_any_answer_it_is_said() -> None:
    """Where no run comes to anything, the failure is the last one's own."""
    with pytest.raises(ModelError, match="Nothing"):
        list(
            in_turn(
                lambda _own, typing: once(DenoiseParams(seed=7), typing),
                DenoiseParams(candidates=2),
                nothing,
                original="old",
            )
        )


def test_what_is_typed_begins_the_answers_after_it() -> None:
    """Typed into the second of three: the first is as it was, the third has it from its start."""
    asked = list[int]()

    def typing() -> Typed | None:
        asked.append(1)
        return Typed(text="mine", keep=((0, 4),), noised=()) if len(asked) == 4 else None

    *_, outcome = play(DenoiseParams(candidates=3), typing)
    assert isinstance(outcome, Outcome)
    assert {outcome.text, *outcome.alternatives} == {"text 0", "text 1 mine", "text 2 mine"}


def test_a_cancel_ends_all_of_them() -> None:
    """The picture of the answer that was denoised is the end, with all steps counted."""

    def cancelled(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
        for event in once(params, typing):
            if isinstance(event, Outcome) and params.seed == 1:
                yield Outcome(text="so far", stop="cancelled", steps=3, canvases=1, tokens=1)
                return
            yield event

    *steps, outcome = in_turn(cancelled, DenoiseParams(candidates=4), nothing, original="old")
    assert isinstance(outcome, Outcome)
    assert (outcome.text, outcome.stop, outcome.steps) == ("so far", "cancelled", 5)
    assert outcome.alternatives == ()
    assert len(steps) == 6
