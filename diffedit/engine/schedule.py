"""The schedule: how warm each denoising step is."""

from __future__ import annotations

from struct import pack, unpack

from diffedit.engine.params import DenoiseParams


def temperature(step: int, params: DenoiseParams, max_steps: int) -> float:
    """Temperature of a step, counted up from 1: near `t_max` first, near `t_min` last.

    The reference sampler counts the steps that remain, so the first step has `t_max` exactly
    and the last one stands a step above `t_min`.
    """
    remaining = max_steps - step + 1
    share = single(remaining / max_steps)
    return single(single(params.t_min) + single(single(params.t_max - params.t_min) * share))


def single(number: float) -> float:
    """The nearest number of single precision: the reference computes the temperature in it.

    A temperature that differs in the last bit gives other samples, so that the same seed would
    give another text than the reference.
    """
    return float(unpack("f", pack("f", number))[0])
