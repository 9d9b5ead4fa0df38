"""Warm starts: what of a given text begins as noise, told before the run and true in it."""

import pytest
from engine_fakes import NoisyModel

from diffedit.engine import rewrite
from diffedit.engine.backend import Noise, Prediction, never
from diffedit.engine.begin import cooled
from diffedit.engine.canvas import Canvas, mask_noise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.sampler import renoise
from diffedit.engine.step import Outcome, Step

TEXT = tuple(range(10, 26))
START = CanvasRequest(prefix=(1,), start=TEXT, original="old")


def run(
    request: CanvasRequest, params: DenoiseParams, *, noise: Noise = "mask", length: int = 16
) -> tuple[list[Step], Outcome, NoisyModel]:
    """All steps of a run, its end, and the model that was asked."""
    model = NoisyModel(TEXT, length=length, noise=noise)
    events = list(rewrite.canvases(model, request, params, never))
    end = events[-1]
    assert isinstance(end, Outcome)
    return [step for step in events if isinstance(step, Step)], end, model


def states(step: Step) -> list[str]:
    """The state of each slot."""
    return [piece.state for piece in step.pieces]


@pytest.mark.parametrize("length", [16, 8])
@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_a_preview_shows_what_the_run_then_does(share: float, length: int) -> None:
    """It makes no step, and just those slots are noise in the canvases that the run sees."""
    (seen,), end, model = run(START, DenoiseParams(max_steps=0, noise=share), length=length)
    assert (end.text, end.steps, model.prefilled, seen.step) == ("old", 0, [], 0)
    assert "".join(piece.text for piece in seen.pieces) == "".join(model.decode(TEXT))
    assert states(seen).count("noise") == round(share * length) * 16 // length
    _, _, model = run(START, DenoiseParams(noise=share), length=length)
    firsts = [canvas for canvas in model.seen if canvas.settled == canvas.warm]
    masked = [token == 49 for canvas in firsts for token in canvas.ids][: len(TEXT)]
    assert masked == [state == "noise" for state in states(seen)]


def test_named_slots_are_noised_and_no_others() -> None:
    """The brush says which; the dial counts for nothing, and what is kept stays kept."""
    known = (TEXT[0], *[None] * 15)
    request = CanvasRequest(prefix=(1,), start=TEXT, known=known, hot=frozenset({0, 3, 4}))
    (seen,), _, _ = run(request, DenoiseParams(max_steps=0))
    assert states(seen) == ["kept", "accepted", "accepted", "noise", "noise", *["accepted"] * 11]


def test_given_text_is_not_wiped_out_at_the_first_step() -> None:
    """A slot that was not accepted keeps its given token; noise is noise again."""
    canvas = Canvas(ids=(5, 6, 7), free=(True,) * 3, warm=(True, False, True))
    sure = Prediction(sampled=(1, 2, 3), argmax=(1, 2, 3), entropy=(1.0, 1.0, 0.0))
    assert renoise(canvas, sure, (False, False, True), mask_noise(49)).ids == (5, 49, 3)


def test_a_warm_start_begins_as_much_cooler() -> None:
    """Half noised stands half way down the schedule; from nothing, nothing changes."""
    half = Canvas(ids=(1,) * 4, free=(True,) * 4, warm=(True, False, True, False))
    params = DenoiseParams(t_min=0.4, t_max=0.8)
    assert cooled(params, half).t_max == pytest.approx(0.6)
    assert cooled(params, Canvas(ids=(1,), free=(True,))) is params


def test_less_noise_takes_fewer_steps() -> None:
    """A mask model that begins with most of the text has less to fill in."""
    _, cold, _ = run(START, DenoiseParams())
    _, warm, _ = run(START, DenoiseParams(noise=0.25))
    assert warm.steps < cold.steps
