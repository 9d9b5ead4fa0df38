"""What was trained, as a file that the model in the box can be loaded with; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import nn

from diffedit.backends import small_adapter
from diffedit.backends.adapter_header import MASK
from diffedit.backends.small_adapter import Adapter
from diffedit.core.errors import ModelError
from diffedit.tune.net import PARTS, SCALE, Adapted, Net


def export(net: Net, objective: str, about: Mapping[str, str], path: Path) -> None:
    """Write the adapter, its scale multiplied in. Raises OSError."""
    tensors = {
        name: (half.detach() * scale).float().cpu().numpy() for name, half, scale in _halves(net)
    }
    if objective == MASK:
        noise = net.mask_embedding.detach().float().cpu().numpy()
        tensors[small_adapter.MASK_EMBEDDING] = noise
    small_adapter.write(path, Adapter(objective=objective, tensors=tensors, about=dict(about)))


def adopt(net: Net, path: Path) -> None:
    """Begin with what an exported adapter has learnt. Raises ModelError."""
    # In float16 half of a small number would be another one.
    learnt = {name: one.astype("float32") for name, one in small_adapter.read(path).tensors.items()}
    noise = learnt.pop(small_adapter.MASK_EMBEDDING, None)
    found = {} if noise is None else {net.mask_embedding: noise}
    halves = list(_halves(net))
    shapes = {name: tuple(half.shape) for name, half, _ in halves}
    if {name: values.shape for name, values in learnt.items()} != shapes:
        raise ModelError(
            f"{path} was made for a model of another shape or with another --rank.",
            hint=f"Here the rank is {net.rank}; --from none begins with nothing.",
        )
    found |= {half: learnt[name] / scale for name, half, scale in halves}
    with torch.no_grad():
        for parameter, values in found.items():
            parameter.copy_(torch.from_numpy(values))


def _halves(net: Net) -> Iterator[tuple[str, nn.Parameter, float]]:
    """The two halves of each adapter: its name in a file, and what it is multiplied with there."""
    for number, block in enumerate(net.blocks):
        for part in PARTS:
            adapted = getattr(block, part)
            assert isinstance(adapted, Adapted)
            yield f"blk.{number}.{part}.a", adapted.a, 1.0
            yield f"blk.{number}.{part}.b", adapted.b, SCALE
