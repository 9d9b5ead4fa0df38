"""Weights in few bits: int4 by groups, int8 and fp8 by rows, and back.

int4: 32 weights of a row share one float16 scale; weight = LEVELS[code] * scale. The 16 levels are
not evenly spaced but lie closer where weights are dense: they were found by Lloyd's iterations on
normal weights scaled as below. The scale carries a sign, so that a group's largest weight falls on
the longer side, and is searched: a few shares of the widest scale are tried, each refined by least
squares for the codes that it gives, and the one with the least squared error is kept. That is 4.5
bits a weight; on normal weights the relative squared error is 0.0057, where evenly spaced levels
between least and most in groups of 64, as many bits, have 0.0080.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from diffedit.backends.gemma_sizes import GROUP

Format = Literal["int4", "int8", "fp8", "plain"]
"""plain: as it is, without scales; for experts that only lie elsewhere."""

LEVELS = (-127, -96, -75, -58, -44, -32, -20, -9, 1, 12, 23, 35, 49, 64, 83, 109)
"""What the sixteen codes of int4 stand for, times the group's scale."""
TRIES = (1.04, 0.97, 0.9)
"""Shares of the widest scale that are tried for a group."""
FP8 = torch.float8_e4m3fn
FP8_MOST = 448.0
"""The largest number of float8_e4m3fn."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A stack of matrices in few bits. `codes` and `scales` share all axes but the last."""

    format: Format
    codes: Tensor
    """int4: uint8 [..., out, in / 2], two codes a byte, the earlier low; else [..., out, in]."""
    scales: Tensor
    """int4: float16 [..., out, in / 32]; else float32 [..., out, 1]."""

    def unpacked(self, dtype: torch.dtype) -> Tensor:
        """The weights [..., out, in] again."""
        if self.format == "int4":
            return unpack_int4(self.codes, self.scales, dtype)
        if self.format == "plain":
            return self.codes.to(dtype)
        return self.codes.to(dtype) * self.scales.to(dtype)


def pack(weight: Tensor, form: Format) -> Packed:
    """Pack [..., out, in]. int4 needs `in` to be a multiple of 32."""
    if form == "int4":
        return Packed(form, *pack_int4(weight))
    widest = weight.abs().amax(-1, keepdim=True).float()
    scales = widest.clamp_min(1e-30) / (127.0 if form == "int8" else FP8_MOST)
    shrunk = weight.float() / scales
    if form == "int8":
        return Packed(form, shrunk.round_().clamp_(-127, 127).to(torch.int8), scales)
    return Packed(form, shrunk.clamp_(-FP8_MOST, FP8_MOST).to(FP8), scales)


def pack_int4(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Codes and scales of [..., out, in]; see the module's own words for the method."""
    groups = weight.float().view(*weight.shape[:-1], -1, GROUP)
    nearest = _nearest(weight.device)
    levels = torch.tensor(LEVELS, dtype=torch.float32, device=weight.device)[nearest.int()]
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    widest = torch.where(-low > high, low, high) / LEVELS[0]
    best = torch.zeros_like(widest)
    most = torch.full_like(widest, -1.0)
    for share in TRIES:
        near = levels.index_select(0, _places(groups, widest * share)).view_as(groups)
        fit, size = (near * groups).sum(-1, keepdim=True), near.square_().sum(-1, keepdim=True)
        # With the scale fit / size, the squared error is that of zeros less fit * fit / size.
        gain = fit * fit / size
        best = torch.where(gain > most, fit / size, best)
        most = torch.maximum(gain, most)
    best = best.half()
    codes = nearest.index_select(0, _places(groups, best.float())).view(weight.shape)
    return codes[..., 0::2] | codes[..., 1::2] << 4, best.squeeze(-1)


def _places(groups: Tensor, scale: Tensor) -> Tensor:
    """Weights in units of their scale, rounded to whole numbers from 0 (for -128) to 255."""
    safe = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (groups / safe).add_(128.5).clamp_(0.0, 255.0).to(torch.int32).flatten()


def _nearest(device: torch.device) -> Tensor:
    """The code of the level nearest to each whole number from -128 to 127: uint8 [256]."""
    numbers = torch.arange(-128, 128, dtype=torch.float32).unsqueeze(-1)
    levels = torch.tensor(LEVELS, dtype=torch.float32)
    return (numbers - levels).abs().argmin(-1).to(device, torch.uint8)


def unpack_int4(codes: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """The weights [..., out, in] of codes [..., out, in / 2] and scales [..., out, in / 32]."""
    levels = torch.tensor(LEVELS, dtype=dtype, device=codes.device)
    # One look-up a byte gives both of its weights.
    pairs = torch.stack((levels.repeat(16), levels.repeat_interleave(16)), -1)
    weights = functional.embedding(codes.int(), pairs).view(*scales.shape, GROUP)
    return (weights * scales.to(dtype).unsqueeze(-1)).flatten(-2)
