"""How a canvas begins: noise, or given text with a share of it noised; and a look at it before."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from random import Random

from diffedit.core.draft import Piece, PieceState
from diffedit.engine.backend import Denoiser
from diffedit.engine.canvas import Canvas, Fresh, mask_noise, uniform_noise
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.step import Step


def noise_of(denoiser: Denoiser, random: Random) -> Fresh:
    """The noise that this model was trained on."""
    if denoiser.noise == "mask" and denoiser.mask_id is not None:
        return mask_noise(denoiser.mask_id)
    return uniform_noise(random, denoiser.vocabulary)


def canvas_of(
    denoiser: Denoiser, request: CanvasRequest, params: DenoiseParams, number: int, fresh: Fresh
) -> Canvas:
    """Canvas `number`, from 1, to begin with: noise, the start's share of given text, clamped.

    Which slots of a warm start are noised depends on the seed and the number alone, so that it
    can be told before the run. A mask-noise model has only learned to fill masks: given text is
    settled from the start there.
    """
    length = request.length or denoiser.canvas_length
    here = slice((number - 1) * length, number * length)
    start = request.start
    if request.fill is not None:
        start += (request.fill,) * (length - len(start) % length)
    hot = request.hot
    canvas = Canvas.noised(
        length,
        fresh,
        start=start[here],
        known=request.known[here],
        noise=params.noise,
        hot=None if hot is None else frozenset(slot - here.start for slot in hot),
        random=Random(f"warm start {params.seed} {number}"),
    )
    return replace(canvas, settled=canvas.warm) if denoiser.noise == "mask" else canvas


def cooled(params: DenoiseParams, canvas: Canvas) -> DenoiseParams:
    """The dials for a canvas: one that begins with given text begins as much less warm.

    A share s of noise stands where denoising from nothing stands at that share of its schedule
    (as SDEdit does for images, Meng et al. 2021).
    """
    warm = sum(canvas.warm)
    if not warm:
        return params
    share = 1 - warm / canvas.free_slots
    return replace(params, t_max=params.t_min + share * (params.t_max - params.t_min))


def preview(denoiser: Denoiser, request: CanvasRequest, params: DenoiseParams) -> Step:
    """What a run would begin with, as step 0: given text, and as noise what would be noised."""
    length, start = request.length or denoiser.canvas_length, request.start
    fresh = request.fresh or noise_of(denoiser, Random(params.seed))
    states = list[PieceState]()
    for number in range(1, ceil(len(start) / length) + 1):
        canvas = canvas_of(denoiser, request, params, number, fresh)
        warm = canvas.warm or (False,) * length
        states += (
            "accepted" if is_warm else "noise" if free else "kept"
            for free, is_warm in zip(canvas.free, warm, strict=True)
        )
    first, end = request.hole or (0, len(start))
    texts = denoiser.decode(start[first:end])
    pieces = tuple(map(Piece, texts, states[first:end]))
    free = [state for state in states[: len(start)] if state != "kept"]
    share = free.count("accepted") / len(free) if free else 1.0
    return Step(canvas=1, step=0, canvas_step=0, pieces=request.picture(pieces), accepted=share)
