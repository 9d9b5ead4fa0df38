"""Several answers in one batch: one run to those who look on, each what its seed gives alone."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from engine_fakes import NoisyModel
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.errors import ModelError
from diffedit.engine import rewrite, sampler
from diffedit.engine.backend import Cancelled, Prediction, Reading, Seen, never
from diffedit.engine.canvas import Canvas, Fresh, uniform_noise
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished
from diffedit.engine.side_by_side import side_by_side
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.typed import Typed, Typing, nothing

LENGTH = 6


class Place:
    """A canvas and its noise."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.fresh = uniform_noise(self.random, 50)
        self.canvas = Canvas(ids=(), free=())


class Writer(NoisyModel):
    """A model that keeps its canvas and knows no more than that: what it says follows from it."""

    ahead = False

    def __init__(self, endings: Sequence[int] = ()) -> None:
        super().__init__([], length=LENGTH)
        self.place_of = Place(0)
        self.endings = endings
        self.prefix: list[int] = []

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        super().prefill(ids)
        self.prefix = list(ids)

    def commit(self, ids: Sequence[int]) -> None:
        super().commit(ids)
        self.prefix += ids

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        dice = Random(repr((canvas.ids, self.prefix)))
        ids = [own % 7 + 10 if own > 9 else own for own in canvas.ids]
        if len(self.prefix) == 1 + LENGTH or sum(ids) % 3 == 0:
            ids[-1] = 0  # the end of the text, in some answers at once and in all at last
        sure = 1 / (1 + sum(own == new for own, new in zip(ids, canvas.ids, strict=True)))
        pairs = zip(ids, canvas.ids, strict=True)
        doubt = [dice.random() * sure if own != new else 0.0 for own, new in pairs]
        return Prediction(sampled=ids, argmax=ids, entropy=doubt)

    def place(self, canvas: Canvas) -> None:
        self.place_of.canvas = canvas

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        seen = self.taken(self.place_of, temperature, entropy_bound)
        return lambda: seen

    def take_back(self) -> None:
        raise AssertionError("nothing was set off ahead")

    def taken(self, place: Place, temperature: float, bound: float) -> Seen:
        said = sampler.held(self.predict(place.canvas, temperature), place.canvas)
        accepted = sampler.entropy_bound(said, place.canvas.open, bound=bound)
        place.canvas = sampler.renoise(place.canvas, said, accepted, place.fresh)
        return Seen(argmax=said.argmax, entropy=said.entropy, accepted=[*accepted])


class Rows:
    """A Batch of it."""

    def __init__(self, denoiser: Writer, most: int = 9) -> None:
        self.denoiser, self._most = denoiser, most
        self.passes = list[tuple[int, ...]]()
        self._places = list[Place]()
        self._own: dict[int, list[int]] = {}

    def most(self, own: int) -> int:
        return self._most

    def begin(self, seeds: Sequence[int]) -> list[Fresh]:
        self._places = [Place(seed) for seed in seeds]
        return [place.fresh for place in self._places]

    def place(self, row: int, canvas: Canvas) -> None:
        self._places[row].canvas = canvas

    def step(
        self, rows: Sequence[int], temperatures: Sequence[float], entropy_bound: float
    ) -> list[Seen]:
        self.passes.append(tuple(rows))
        assert len({len(self._own[row]) for row in rows}) == 1
        return [
            self._taken(row, t, entropy_bound) for row, t in zip(rows, temperatures, strict=True)
        ]

    def _taken(self, row: int, temperature: float, bound: float) -> Seen:
        shared = self.denoiser.prefix
        self.denoiser.prefix = [*shared, *self._own[row]]
        seen = self.denoiser.taken(self._places[row], temperature, bound)
        self.denoiser.prefix = shared
        return seen

    def commit(self, row: int, ids: Sequence[int]) -> None:
        self._own[row] = [*self._own[row], *ids]

    def drop(self, row: int) -> None:
        del self._own[row]

    def restart(self) -> None:
        self._own = {row: [] for row in range(len(self._places))}


REQUEST = CanvasRequest(prefix=(3,), original="old")
STEPS: dict[str, Any] = {"max_steps": 5, "entropy_bound": 0.3}


def turns(params: DenoiseParams, request: CanvasRequest = REQUEST) -> list[Event]:
    """The same answers one after another."""
    denoiser = Writer()

    def once(params: DenoiseParams, typing: Typing) -> Iterator[Event]:
        denoiser.place_of = Place(params.seed)
        from_it = CanvasRequest(
            prefix=request.prefix,
            original=request.original,
            known=request.known,
            finish=request.finish,
            fresh=denoiser.place_of.fresh,
        )
        return rewrite.canvases(denoiser, from_it, params, never, typing)

    return list(in_turn(once, params, nothing, original=request.original))


def play(
    params: DenoiseParams,
    request: CanvasRequest = REQUEST,
    *,
    batch: Rows | None = None,
    cancelled: Cancelled = never,
    typing: Typing = nothing,
) -> tuple[Started, list[Step], Outcome]:
    events = side_by_side(batch or Rows(Writer()), request, params, cancelled, typing)
    started, *steps, outcome = events
    assert isinstance(started, Started)
    assert isinstance(outcome, Outcome)
    return started, [step for step in steps if isinstance(step, Step)], outcome


@given(st.integers(0, 40), st.integers(2, 6), st.integers(1, 6), st.integers(1, 3))
def test_the_answers_are_those_of_one_after_another(
    seed: int, candidates: int, most: int, canvases: int
) -> None:
    """Texts, order, tokens, for any seeds and any size of a batch; a row that stopped rests."""
    params = DenoiseParams(seed=seed, candidates=candidates, max_canvases=canvases, **STEPS)
    batch = Rows(Writer(), most)
    started, steps, outcome = play(params, batch=batch)
    *_, other = turns(params)
    assert isinstance(other, Outcome)
    assert started.seed == seed
    assert (outcome.text, outcome.alternatives) == (other.text, other.alternatives)
    assert (outcome.tokens, outcome.stop, outcome.canvases) == (
        *(other.tokens, other.stop),
        other.canvases,
    )
    assert [step.step for step in steps] == list(range(1, outcome.steps + 1))
    assert max(map(len, batch.passes)) == min(most, candidates)
    assert ("Memory holds" in outcome.note) is (most < candidates)


def test_what_is_held_is_held_in_each() -> None:
    """A slot that is kept shows its own id in every picture and answer."""
    request = CanvasRequest(prefix=(3,), known=(None, 8), original="old")
    params = DenoiseParams(candidates=3, max_canvases=1, **STEPS)
    _, steps, outcome = play(params, request)
    assert all(step.pieces[1][:2] == ("8 ", "kept") for step in steps)
    for text in (outcome.text, *outcome.alternatives):
        assert text.split()[1] == "8"


def test_canvases_without_a_free_slot_are_done_at_once() -> None:
    """No pass for them."""
    batch = Rows(Writer())
    request = CanvasRequest(prefix=(3,), known=(5,) * LENGTH, original="old")
    _, steps, outcome = play(DenoiseParams(candidates=3, max_canvases=1), request, batch=batch)
    assert (steps, batch.passes) == ([], [])
    assert (outcome.text, outcome.alternatives) == ("5 " * LENGTH, ())


def test_answers_that_come_to_nothing_are_passed_over() -> None:
    """As long as one does not; else the failure is told."""
    texts = set[str]()

    def first_only(answers: Sequence[str]) -> Finished:
        texts.add(answers[0])
        if len(texts) > 1:
            raise ModelError("Nothing.")
        return Finished(texts=(answers[0],))

    params = DenoiseParams(candidates=3, max_canvases=1, **STEPS)
    _, _, outcome = play(params, CanvasRequest(prefix=(3,), finish=first_only))
    assert outcome.text in texts
    assert outcome.alternatives == ()
    with pytest.raises(ModelError, match="Nothing"):
        play(params, CanvasRequest(prefix=(3,), finish=first_only))


@pytest.mark.parametrize("heard", range(1, 14))
def test_a_cancel_ends_all_with_the_picture_that_was_seen(heard: int) -> None:
    """Wherever it comes: before the first step, in the batch, in what comes after it."""
    asked = iter([False] * heard)
    params = DenoiseParams(candidates=3, max_canvases=2, **STEPS)
    _, steps, outcome = play(params, cancelled=lambda: next(asked, True))
    assert outcome.stop == "cancelled"
    assert outcome.steps == len(steps) < heard
    shown = "".join(piece.text for piece in steps[-1].pieces) if steps else "old"
    assert outcome.text == shown


@pytest.mark.parametrize("at", [0, 1, 3, 6])
def test_what_is_typed_begins_all_anew(at: int) -> None:
    """In the batch or after it; steps are counted on, and the prompt is asked for once more."""
    asked = list[int]()

    def typing() -> Typed | None:
        asked.append(1)
        return Typed(text="9 ", keep=((0, 2),), noised=()) if len(asked) == at + 1 else None

    def relay(typed: Typed) -> CanvasRequest:
        return CanvasRequest(prefix=(3,), known=(int(typed.text),), original=typed.text)

    request = CanvasRequest(prefix=(3,), original="old", relay=relay)
    params = DenoiseParams(candidates=3, max_canvases=2, **STEPS)
    batch = Rows(Writer())
    _, steps, outcome = play(params, request, batch=batch, typing=typing)
    answers = (outcome.text, *outcome.alternatives)
    assert all(text.split()[0] == "9" for text in answers)
    assert all(step.pieces[0].text == "9 " for step in steps[at:])
    assert [step.step for step in steps] == list(range(1, outcome.steps + 1))
