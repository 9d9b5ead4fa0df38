"""Steps taken on a device: the engine sees the same run, though a step is always on its way."""

from collections.abc import Sequence
from random import Random

import pytest
from engine_fakes import NoisyModel

from diffedit.engine import rewrite, sampler
from diffedit.engine.backend import Reading, Seen, never
from diffedit.engine.canvas import Canvas, uniform_noise
from diffedit.engine.denoise import Look, denoise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Layout
from diffedit.engine.step import Outcome


class OnDevice(NoisyModel):
    """NoisyModel that keeps the canvas to itself and counts what is on its way."""

    def __init__(self, target: Sequence[int], *, ahead: bool, seed: int) -> None:
        super().__init__(target, length=8)
        self.ahead = ahead
        self.noise_source = Random(seed)
        self._canvas = Canvas(ids=(), free=())
        self.on_the_way = self.most = 0
        self.taken_back = 0

    def place(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        self._state = self.noise_source.getstate()
        said = sampler.held(self.predict(self._canvas, temperature), self._canvas)
        accepted = sampler.entropy_bound(said, self._canvas.open, bound=entropy_bound)
        fresh = uniform_noise(self.noise_source, self.vocabulary)
        self._canvas = sampler.renoise(self._canvas, said, accepted, fresh)
        self.on_the_way += 1
        self.most = max(self.most, self.on_the_way)

        def read() -> Seen:
            self.on_the_way -= 1
            # Kept slots are the engine's business too, so it is given nonsense for them.
            return Seen(argmax=said.argmax, entropy=said.entropy, accepted=[*accepted])

        return read

    def take_back(self) -> None:
        self.taken_back += 1
        self.noise_source.setstate(self._state)


KNOWN = (None, 4, None, None)


def looks(model: NoisyModel, seed: int) -> list[Look]:
    source = model.noise_source if isinstance(model, OnDevice) else Random(seed)
    fresh = uniform_noise(source, 50)
    canvas = Canvas.noised(8, fresh, known=KNOWN)
    return list(denoise(model, canvas, DenoiseParams(), fresh=fresh, max_steps=12))


@pytest.mark.parametrize("ahead", [False, True])
def test_the_run_is_the_same_wherever_the_canvas_is(ahead: bool) -> None:  # noqa: FBT001
    """Every look is equal, the last one too; ahead, one step more was set off and taken back."""
    model = OnDevice([5, 4, 6, 7, 8], ahead=ahead, seed=3)
    assert looks(model, 3) == looks(NoisyModel([5, 4, 6, 7, 8], length=8), 3)
    assert model.most == 1 + ahead
    assert model.taken_back == ahead
    assert model.on_the_way == ahead


def test_noise_goes_on_as_if_the_step_ahead_had_not_been() -> None:
    """The next canvas begins with the same noise, whether a step was taken back before it."""
    states = []
    for ahead in (False, True):
        model = OnDevice([5, 4, 6, 7, 8], ahead=ahead, seed=3)
        looks(model, 3)
        states.append(model.noise_source.getstate())
    assert states[0] == states[1]


def test_leaving_between_two_steps_takes_back_what_is_on_its_way() -> None:
    """As a cancel does."""
    model = OnDevice([5, 4, 6, 7, 8], ahead=True, seed=3)
    fresh = uniform_noise(model.noise_source, 50)
    steps = denoise(model, Canvas.noised(8, fresh), DenoiseParams(), fresh=fresh, max_steps=12)
    next(iter(steps))
    assert model.on_the_way == 1
    del steps
    assert model.taken_back == 1


def test_the_hole_that_the_model_is_surest_of_is_taken() -> None:
    """Three lengths, one look at each; the answer comes out of the surest one's slots."""

    class Doubtful(NoisyModel):
        def weigh(
            self, canvases: Sequence[Canvas], slots: Sequence[Sequence[int]], temperature: float
        ) -> list[list[float]]:
            assert [canvas.free_slots for canvas in canvases] == [1, 2, 3]
            return [[len(wanted) % 2 + 0.5] * len(wanted) for wanted in slots]

    layouts = tuple(
        Layout(known=(3, *[None] * hole, *[4] * (7 - hole)), hole=(1, 1 + hole))
        for hole in (1, 2, 3)
    )
    model = Doubtful([3, 5, 6, 4, 4, 4, 4, 4], length=8)
    *_, outcome = rewrite.canvases(
        model, CanvasRequest(prefix=(), layouts=layouts), DenoiseParams(), never
    )
    assert isinstance(outcome, Outcome)
    assert outcome.text == "5 6 "
