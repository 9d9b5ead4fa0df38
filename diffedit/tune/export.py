"""What was trained, as a file that the model in the box can be loaded with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffedit.backends import small_adapter
from diffedit.backends.adapter_header import MASK
from diffedit.backends.small_adapter import Adapter
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
