"""The schedule: how warm each denoising step is."""

from __future__ import annotations

from diffedit.engine.params import DenoiseParams


def temperature(step: int, params: DenoiseParams, max_steps: int) -> float:
    """Temperature of a step, counted up from 1: near `t_max` first, near `t_min` last.

    The reference sampler counts the steps that remain, so the first step has `t_max` exactly
    and the last one stands a step above `t_min`.
    """
    remaining = max_steps - step + 1
    return params.t_min + (params.t_max - params.t_min) * remaining / max_steps
