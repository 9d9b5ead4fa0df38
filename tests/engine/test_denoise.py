"""The rules of one canvas: what is accepted, what is renoised, what never changes, when it ends."""

from itertools import pairwise
from math import isclose
from random import Random

import pytest
from engine_fakes import NoisyModel
from hypothesis import given
from hypothesis import strategies as st

from diffedit.engine import sampler
from diffedit.engine.backend import Noise, Prediction
from diffedit.engine.canvas import Canvas, mask_noise, uniform_noise
from diffedit.engine.denoise import denoise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.schedule import temperature
from diffedit.engine.stopping import Watch, mean_entropy

NOISES: tuple[Noise, ...] = ("uniform", "mask")
ENTROPY = st.floats(0, 6, allow_nan=False)
SLOTS = st.lists(st.tuples(ENTROPY, st.booleans()), min_size=1, max_size=40)


def predicted(entropy: list[float]) -> Prediction:
    """A prediction of which only the entropy matters."""
    ids = list(range(len(entropy)))
    return Prediction(sampled=ids, argmax=ids, entropy=entropy)


@given(slots=SLOTS, bound=st.floats(0, 5))
def test_the_accepted_set_obeys_the_bound(slots: list[tuple[float, bool]], bound: float) -> None:
    """All that is accepted but its last one costs at most the bound; one is accepted always."""
    entropy, free = [nats for nats, _ in slots], [is_free for _, is_free in slots]
    accepted = sampler.entropy_bound(predicted(entropy), free, bound=bound)
    costs = sorted(nats for nats, taken in zip(entropy, accepted, strict=True) if taken)
    assert sum(costs[:-1]) <= bound + 1e-9
    assert bool(costs) == any(free)
    assert not any(taken and not is_free for taken, is_free in zip(accepted, free, strict=True))


@given(slots=SLOTS, bound=st.floats(0, 5))
def test_the_accepted_set_is_the_surest_and_as_large_as_the_bound_allows(
    slots: list[tuple[float, bool]], bound: float
) -> None:
    """Nothing left out is surer than what is in, and one more would overstep the bound."""
    entropy, free = [nats for nats, _ in slots], [is_free for _, is_free in slots]
    accepted = sampler.entropy_bound(predicted(entropy), free, bound=bound)
    taken = [nats for nats, is_in in zip(entropy, accepted, strict=True) if is_in]
    left = [
        nats
        for nats, is_in, is_free in zip(entropy, accepted, free, strict=True)
        if is_free and not is_in
    ]
    if left:
        assert max(taken) <= min(left)
        assert sum(taken) > bound - 1e-9


def test_the_rule_of_the_reference_by_hand() -> None:
    """Spent before a slot: 0, 0.04, 0.09, 0.17 - at a bound of 0.1 the fourth is left out."""
    prediction = predicted([0.08, 0.04, 0.9, 0.05])
    free = [True] * 4
    assert sampler.entropy_bound(prediction, free, bound=0.1) == (True, True, False, True)
    assert sampler.entropy_bound(prediction, free, bound=0.0) == (False, True, False, False)
    assert sampler.entropy_bound(prediction, free, bound=0.0, least=2) == (
        False,
        True,
        False,
        True,
    )


def test_kept_slots_spend_none_of_the_bound() -> None:
    """A kept slot is held at entropy 0, so unsure kept slots leave the others their room."""
    canvas = Canvas(ids=(7, 7, 7), free=(False, True, True))
    prediction = sampler.held(predicted([5.0, 0.2, 0.3]), canvas)
    assert list(prediction.entropy) == [0.0, 0.2, 0.3]
    assert list(prediction.sampled) == [7, 1, 2]
    accepted = sampler.entropy_bound(prediction, canvas.open, bound=0.25)
    assert accepted == (False, True, True)


def test_top_confidence_takes_what_is_above_the_threshold_and_the_least() -> None:
    """exp(-entropy) over the threshold, or among the surest."""
    prediction = predicted([0.01, 2.0, 0.02, 1.0])
    free = [True] * 4
    assert sampler.top_confidence(prediction, free, threshold=0.95) == (True, False, True, False)
    assert sampler.top_confidence(prediction, free, threshold=0.95, least=3) == (
        True,
        False,
        True,
        True,
    )
    assert sampler.top_confidence(prediction, [False] * 4, threshold=0.1) == (False,) * 4


@given(
    ids=st.lists(st.integers(0, 49), min_size=1, max_size=30),
    data=st.data(),
    seed=st.integers(0, 999),
    noise=st.sampled_from(NOISES),
)
def test_kept_slots_never_change(
    ids: list[int], data: st.DataObject, seed: int, noise: Noise
) -> None:
    """Whatever the model says, a clamped slot holds its id in every canvas and every guess."""
    known = [data.draw(st.sampled_from([token, None])) for token in ids]
    model = NoisyModel([5] * len(ids), length=len(ids), noise=noise)
    random = Random(seed)
    fresh = mask_noise(49) if noise == "mask" else uniform_noise(random, 50)
    canvas = Canvas.noised(len(ids), fresh, known=known)
    looks = list(denoise(model, canvas, DenoiseParams(), fresh=fresh, max_steps=5))
    pictures = [look.argmax for look in looks] + [seen.ids for seen in model.seen]
    for picture in pictures:
        for token, held in zip(picture, known, strict=True):
            assert held is None or token == held
    assert not any(
        accepted and not free
        for look in looks
        for accepted, free in zip(look.accepted, look.free, strict=True)
    )


def test_uniform_noise_is_fresh_at_every_step_and_accepted_slots_hold_the_sample() -> None:
    """An open slot that is not accepted gets a new random id; nothing is locked."""
    canvas = Canvas(ids=(1, 2, 3), free=(True, True, False))
    prediction = predicted([0.0, 1.0, 0.0])
    after = sampler.renoise(canvas, prediction, (True, False, False), lambda count: [40] * count)
    assert after.ids == (0, 40, 3)
    assert after.open == (True, True, False)


def test_a_mask_model_fills_every_slot_in_time_and_never_undoes_one() -> None:
    """Each step fills its share of what is open, so the last step leaves none."""
    model = NoisyModel(list(range(1, 17)), length=16, noise="mask", steps=99)
    fresh = mask_noise(49)
    canvas = Canvas.noised(16, fresh)
    params = DenoiseParams(entropy_bound=0.0)
    looks = list(denoise(model, canvas, params, fresh=fresh, max_steps=4))
    assert [sum(look.accepted) for look in looks] == [4, 8, 12, 16]
    for before, after in pairwise(looks):
        for slot, done in enumerate(before.accepted):
            assert not done or before.argmax[slot] == after.argmax[slot]
    assert looks[-1].stop == "sure"


@given(
    entropy=st.lists(ENTROPY, min_size=2, max_size=20),
    kept=st.lists(ENTROPY, max_size=20),
    others=st.lists(ENTROPY, max_size=20),
)
def test_stopping_ignores_kept_slots(
    entropy: list[float], kept: list[float], others: list[float]
) -> None:
    """However many kept slots there are, and whatever they hold, the mean is the free ones'."""
    size = len(entropy)
    alone = mean_entropy(entropy, [True] * size)
    among = mean_entropy(entropy + kept, [True] * size + [False] * len(kept))
    assert isclose(alone, among)
    free = [True] * size + [False] * max(len(kept), len(others))
    width = len(free) - size
    first = [3] * size + ([1] * len(kept) + [0] * width)[:width]
    second = [3] * size + ([2] * len(others) + [9] * width)[:width]
    assert Watch().seen(first, free).seen(second, free).unchanged == 1


def test_it_stops_when_stable_and_sure_and_not_before() -> None:
    """The slots are sure from step 6 on; one more look shows that they stand still."""
    model = NoisyModel([3] * 8, length=8, steps=6)
    fresh = uniform_noise(Random(0), 50)
    looks = list(
        denoise(model, Canvas.noised(8, fresh), DenoiseParams(), fresh=fresh, max_steps=48)
    )
    assert looks[-1].stop == "sure"
    assert looks[-1].step in (6, 7)
    assert [look.stop for look in looks[:-1]] == [None] * (len(looks) - 1)
    assert list(looks[-1].argmax) == [3] * 8


@pytest.mark.parametrize(("stable", "steps"), [(0, 1), (1, 2), (3, 4)])
def test_stable_steps_are_equal_argmax_canvases_in_a_row(stable: int, steps: int) -> None:
    """A model that is sure at once stops after as many repetitions as are asked for."""
    model = NoisyModel([3] * 8, length=8, steps=1)
    fresh = uniform_noise(Random(0), 50)
    params = DenoiseParams(stable_steps=stable)
    looks = list(denoise(model, Canvas.noised(8, fresh), params, fresh=fresh, max_steps=48))
    assert len(looks) == steps


def test_it_stops_when_the_steps_are_used_up() -> None:
    """A model that is never sure is asked `max_steps` times, and the stop says so."""
    model = NoisyModel([3] * 8, length=8, steps=99)
    fresh = uniform_noise(Random(0), 50)
    looks = list(denoise(model, Canvas.noised(8, fresh), DenoiseParams(), fresh=fresh, max_steps=5))
    assert [look.stop for look in looks] == [None, None, None, None, "steps"]


def test_a_canvas_without_free_slots_needs_no_look() -> None:
    """All kept: the model is not asked."""
    model = NoisyModel([3], length=2)
    canvas = Canvas(ids=(1, 2), free=(False, False))
    fresh = uniform_noise(Random(0), 50)
    assert list(denoise(model, canvas, DenoiseParams(), fresh=fresh, max_steps=5)) == []
    assert model.seen == []


@pytest.mark.parametrize(("noise", "changed"), [(0.0, 0), (0.25, 2), (1.0, 8)])
def test_a_warm_start_randomises_its_share(noise: float, changed: int) -> None:
    """Of eight free slots with old text, a quarter means two; clamped slots take no part."""
    start = [1] * 10
    known = [5, None, None, None, 5, None, None, None, None, None]
    canvas = Canvas.noised(
        12, lambda count: [40] * count, start=start, known=known, noise=noise, random=Random(4)
    )
    assert sum(token == 40 for token in canvas.ids[:10]) == changed
    assert canvas.ids[10:] == (40, 40)
    assert canvas.ids[0] == canvas.ids[4] == 5
    assert canvas.free_slots == 10


def test_the_temperature_falls_as_in_the_reference() -> None:
    """Steps remaining are counted: t_max first, one step above t_min last."""
    params = DenoiseParams(t_min=0.4, t_max=0.8)
    assert temperature(1, params, 48) == pytest.approx(0.8)
    assert temperature(48, params, 48) == pytest.approx(0.4 + 0.4 / 48)
    assert temperature(2, params, 4) == pytest.approx(0.7)


def test_a_canvas_refuses_lists_that_do_not_match() -> None:
    """One entry a slot."""
    with pytest.raises(ValueError, match="one entry a slot"):
        Canvas(ids=(1, 2), free=(True,))
