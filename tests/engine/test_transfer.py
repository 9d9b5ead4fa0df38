"""The schedules of the mask families, against the reference's loop written out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import cast

import pytest

from diffedit.engine.backend import Denoiser, Prediction
from diffedit.engine.canvas import Canvas, mask_noise
from diffedit.engine.denoise import denoise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.transfer import Schedule, Transfer, timestep_count

MASK, VOCABULARY = 0, 50
Guess = tuple[int, float]


class Filler:
    """A model whose guess for a slot depends on what stands in the whole canvas."""

    noise = "mask"

    def guesses(self, ids: Sequence[int]) -> list[Guess]:
        random = Random(repr(list(ids)))
        return [(random.randrange(1, VOCABULARY), random.random()) for _ in ids]

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Every slot's guess, and how sure it is."""
        ids, sure = zip(*self.guesses(canvas.ids), strict=True)
        return Prediction(sampled=ids, argmax=ids, entropy=[9.0] * len(ids), confidence=sure)


def by_timestep(ids: list[int], steps: int, eps: float) -> list[int]:
    """The reference's loop: a share of the masks each step, all at the last."""
    for step in range(steps):
        masks = [slot for slot, token in enumerate(ids) if token == MASK]
        level = 1 - step / steps * (1 - eps)
        following = 1 - (step + 1) / steps * (1 - eps)
        count = int(len(masks) * (1 - following / level if step < steps - 1 else 1))
        reveal(ids, masks, count)
    return ids


def by_block(ids: list[int], steps: int, length: int) -> list[int]:
    """The reference's loop: block after block, the remainder in the first steps."""
    blocks = [range(at, min(at + length, len(ids))) for at in range(0, len(ids), length)]
    share = steps // len(blocks)
    for block in blocks:
        masks = sum(ids[slot] == MASK for slot in block)
        for step in range(share):
            here = [slot for slot in block if ids[slot] == MASK]
            reveal(ids, here, masks // share + (step < masks % share))
    return ids


def reveal(ids: list[int], masks: list[int], count: int) -> None:
    """Fill the surest masks for good."""
    guesses = Filler().guesses(ids)
    for slot in sorted(masks, key=lambda slot: (-guesses[slot][1], slot))[:count]:
        ids[slot] = guesses[slot][0]


def filled(canvas: Canvas, transfer: Transfer, steps: int) -> list[int]:
    """What our loop makes of the canvas."""
    looks = denoise(
        cast("Denoiser", Filler()),
        canvas,
        DenoiseParams(stop_entropy=0),
        fresh=mask_noise(MASK),
        max_steps=steps,
        accept=transfer,
        fixed=0.0,
    )
    return list(list(looks)[-1].argmax)


@pytest.mark.parametrize("steps", [1, 3, 8, 24, 40])
@pytest.mark.parametrize("schedule", ["timestep", "block"])
def test_a_canvas_is_filled_as_the_reference_fills_it(schedule: Schedule, steps: int) -> None:
    """The same slots at the same steps, so the same text, with clamped slots and without."""
    for known in ((), (None, 7, 8, None, None, 9)):
        canvas = Canvas.noised(24, mask_noise(MASK), known=known)
        steps = max(steps, 3) if schedule == "block" else steps
        if schedule == "block":
            expected = by_block(list(canvas.ids), steps, 8)
        else:
            expected = by_timestep(list(canvas.ids), steps, 1e-3)
        assert filled(canvas, Transfer(schedule=schedule, block=8), steps) == expected
        assert MASK not in expected


def test_fewer_steps_than_blocks_still_fill_the_canvas() -> None:
    """Blocks grow until each has a step."""
    canvas = Canvas.noised(24, mask_noise(MASK))
    assert MASK not in filled(canvas, Transfer(schedule="block", block=4), 2)


def test_a_block_that_is_clamped_takes_no_steps() -> None:
    """Only blocks with free slots share the steps, so all of them are filled."""
    canvas = Canvas.noised(24, mask_noise(MASK), known=[None] * 8 + [5] * 16)
    assert MASK not in filled(canvas, Transfer(schedule="block", block=8), 3)


def test_what_stands_after_the_end_is_not_waited_for() -> None:
    """Once the text has ended with nothing open before it, one step fills the rest."""
    canvas = Canvas(ids=(5, 2, 0, 0, 0, 0), free=(True,) * 6, settled=(True, True) + (False,) * 4)
    prediction = Filler().predict(canvas, 0.0)
    plain, ending = (Transfer(schedule="block", block=2, end_ids=frozenset(i)) for i in ((), {2}))
    assert sum(plain(canvas, prediction, 3, 6)) == 1
    assert ending(canvas, prediction, 3, 6) == (False, False, True, True, True, True)
    for closed in (False, True):
        again = Canvas(ids=canvas.ids, free=canvas.free, settled=(closed, True) + (False,) * 4)
        assert (sum(ending(again, prediction, 1, 6)) >= 4) == closed


def test_the_timestep_counts_are_the_reference_s() -> None:
    """By hand: 100 masks in 4 steps with eps 0.001."""
    left, counts = 100, []
    for step in range(1, 5):
        counts.append(timestep_count(left, step, 4, 1e-3))
        left -= counts[-1]
    assert counts == [24, 25, 25, 26]
