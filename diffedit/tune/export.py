"""What was trained, as a file that the model in the box can be loaded with; and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from diffedit.backends import small_adapter
from diffedit.backends.adapter_header import MASK
from diffedit.backends.small_adapter import Adapter
from diffedit.core.errors import ModelError
from diffedit.tune.net import PARTS, SCALE, Adapted, Net


def export(net: Net, objective: str, about: Mapping[str, str], path: Path) -> None:
    """Write the adapter, its scale multiplied in. Raises OSError."""
    tensors = {}
    for number, block in enumerate(net.blocks):
        for part in PARTS:
            adapted = getattr(block, part)
            assert isinstance(adapted, Adapted)
            tensors[f"blk.{number}.{part}.a"] = adapted.a.detach().float().cpu().numpy()
            tensors[f"blk.{number}.{part}.b"] = (adapted.b.detach() * SCALE).float().cpu().numpy()
    if objective == MASK:
        noise = net.mask_embedding.detach().float().cpu().numpy()
        tensors[small_adapter.MASK_EMBEDDING] = noise
    small_adapter.write(path, Adapter(objective=objective, tensors=tensors, about=dict(about)))


def adopt(net: Net, path: Path) -> None:
    """Begin with what an exported adapter has learnt. Raises ModelError."""
    adapter = small_adapter.read(path)
    left = dict(adapter.tensors)
    wrong = ModelError(
        f"{path} was made for a model of another shape or with another --rank.",
        hint=f"Here the rank is {net.rank}; --from none begins with nothing.",
    )
    found = {}
    for number, block in enumerate(net.blocks):
        for part in PARTS:
            adapted = getattr(block, part)
            assert isinstance(adapted, Adapted)
            for half, scale in ((adapted.a, 1.0), (adapted.b, SCALE)):
                name = f"blk.{number}.{part}.{'a' if half is adapted.a else 'b'}"
                values = left.pop(name, None)
                if values is None or values.shape != tuple(half.shape):
                    raise wrong
                found[half] = values / scale
    if adapter.mask_embedding is not None:
        found[net.mask_embedding] = adapter.mask_embedding
    if set(left) - {small_adapter.MASK_EMBEDDING}:
        raise wrong
    with torch.no_grad():
        for parameter, values in found.items():
            parameter.copy_(torch.from_numpy(values.astype("float32")))
