"""The sampler: which tokens to accept at a step, and how to renoise the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp

from diffedit.engine.backend import Prediction
from diffedit.engine.canvas import Canvas, Fresh

Accepted = tuple[bool, ...]
"""True where this step takes the sampled token. Only open slots can be."""


def held(prediction: Prediction, canvas: Canvas) -> Prediction:
    """The prediction with every slot that is not open held to its own id, at entropy 0."""
    if all(canvas.open):
        return prediction
    slots = list(zip(canvas.open, canvas.ids, strict=True))
    return replace(
        prediction,
        sampled=_where(slots, prediction.sampled),
        argmax=_where(slots, prediction.argmax),
        entropy=[
            nats if free else 0.0
            for free, nats in zip(canvas.open, prediction.entropy, strict=True)
        ],
    )


def entropy_bound(
    prediction: Prediction, open_slots: Sequence[bool], *, bound: float, least: int = 1
) -> Accepted:
    """Accept the surest slots while what is already spent stays within `bound`, in nats.

    At least `least` slots are accepted (as far as there are open ones). What a slot costs is its
    entropy; the one that oversteps the bound is still taken, the next is not.
    """
    taken = set[int]()
    total = 0.0
    for slot in _surest(prediction, open_slots):
        total += prediction.entropy[slot]
        # Total minus own, not the total before it: the reference rounds this way round.
        if len(taken) >= least and total - prediction.entropy[slot] > bound:
            break
        taken.add(slot)
    return tuple(slot in taken for slot in range(len(open_slots)))


def top_confidence(
    prediction: Prediction, open_slots: Sequence[bool], *, threshold: float, least: int = 1
) -> Accepted:
    """Accept every slot whose confidence exceeds `threshold`, and at least the `least` surest."""
    surest = _surest(prediction, open_slots)
    taken = {slot for slot in surest if exp(-prediction.entropy[slot]) > threshold}
    taken.update(surest[:least])
    return tuple(slot in taken for slot in range(len(open_slots)))


def renoise(canvas: Canvas, prediction: Prediction, accepted: Accepted, fresh: Fresh) -> Canvas:
    """The next canvas: accepted slots take the sampled id, other open slots new noise.

    A slot that began as given text keeps what it holds instead: noise there would wipe the
    start out at the first step, as the entropy bound accepts only a few slots.
    """
    noise = fresh(len(canvas))
    warm = canvas.warm or (False,) * len(canvas)
    ids = list(canvas.ids)
    for slot, is_open in enumerate(canvas.open):
        if is_open and accepted[slot]:
            ids[slot] = prediction.sampled[slot]
        elif is_open and not warm[slot]:
            ids[slot] = noise[slot]
    return replace(canvas, ids=tuple(ids))


def settle(canvas: Canvas, accepted: Accepted) -> Canvas:
    """The canvas with the accepted slots filled for good, as mask-noise models need it."""
    before = canvas.settled or (False,) * len(canvas)
    both = tuple(old or new for old, new in zip(before, accepted, strict=True))
    return replace(canvas, settled=both)


def _where(slots: Sequence[tuple[bool, int]], ids: Sequence[int]) -> list[int]:
    """The predicted id of open slots, the own id of the others."""
    return [new if is_open else own for (is_open, own), new in zip(slots, ids, strict=True)]


def _surest(prediction: Prediction, open_slots: Sequence[bool]) -> list[int]:
    """Open slots by rising entropy; of equals the leftmost first."""
    slots = [slot for slot, is_open in enumerate(open_slots) if is_open]
    return sorted(slots, key=prediction.entropy.__getitem__)
