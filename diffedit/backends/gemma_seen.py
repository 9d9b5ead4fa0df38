"""What a step on the device says of its slots, on its way to the host: three short lists."""

from __future__ import annotations

from typing import Any

import torch

from diffedit.engine.backend import Reading, Seen

_BAND = 64
"""Slots whose logits are turned into entropies at once: it bounds the memory that takes."""


def entropies(logits: torch.Tensor) -> torch.Tensor:
    """Entropy of each slot in nats, [1, slots], as torch's Categorical computes it, in bands."""
    bands = range(0, logits.shape[1], _BAND)
    return torch.cat([_band_entropy(logits[:, at : at + _BAND]) for at in bands], dim=1)


def _band_entropy(logits: torch.Tensor) -> torch.Tensor:
    logits = logits - logits.logsumexp(dim=-1, keepdim=True)
    chances = torch.softmax(logits, dim=-1)
    logits = torch.clamp(logits, min=torch.finfo(logits.dtype).min)
    return -(logits * chances).sum(-1)


def reading_of(argmax: torch.Tensor, entropy: torch.Tensor, accepted: torch.Tensor) -> Reading:
    """Copies on their way to the host; reading them waits for the copies, not for what follows."""
    if not argmax.is_cuda:
        return lambda: Seen(
            argmax=argmax[0].tolist(), entropy=entropy[0].tolist(), accepted=accepted[0].tolist()
        )
    parts = [
        torch.empty(part.shape, dtype=part.dtype, pin_memory=True).copy_(part, non_blocking=True)
        for part in (argmax, entropy, accepted)
    ]
    arrived: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()

    def read() -> Seen:
        arrived.synchronize()
        return Seen(
            argmax=parts[0][0].tolist(), entropy=parts[1][0].tolist(), accepted=parts[2][0].tolist()
        )

    return read
