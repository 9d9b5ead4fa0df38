"""An adapter for the model in the box: low-rank differences of its matrices, merged at load.

The file is in the safetensors format: eight bytes of length, a JSON header, then the numbers. The
merged model is the plain one with other weights, so that inference costs nothing more.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffedit.backends.adapter_header import CAUSAL, GAPS, MASK, broken, header_of, opened
from diffedit.backends.small_weights import Floats, Weights
from diffedit.core.errors import ModelError

PARTS = ("qkv", "out", "gate_up", "down")
"""The matrices of a layer that an adapter changes."""
OBJECTIVES = (CAUSAL, GAPS, MASK)
MASK_EMBEDDING = "mask_embedding"

_KINDS: dict[str, type[np.floating[Any]]] = {"F16": np.float16, "F32": np.float32}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What was trained: `blk.N.PART.a` (rank, into) and `.b` (out, rank), and words about it."""

    objective: str
    tensors: Mapping[str, NDArray[np.floating[Any]]]
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def mask_embedding(self) -> Floats | None:
        """What a slot of noise holds; None for a causal adapter."""
        found = self.tensors.get(MASK_EMBEDDING)
        return None if found is None else found.astype(np.float32)


def read(path: Path) -> Adapter:
    """An adapter from its file. Raises ModelError for anything that is not whole and sound."""
    with opened(path) as file:
        raw = file.read()
    header, start = header_of(raw, path)
    if start > len(raw):
        raise broken(path, "it ends too early")
    words = header.pop("__metadata__", {})
    tensors = {}
    try:
        for name, told in header.items():
            first, last = told["data_offsets"]
            if not 0 <= first <= last <= len(raw) - start:
                raise broken(path, "it ends too early")
            part = np.frombuffer(raw[start + first : start + last], _KINDS[told["dtype"]])
            tensors[name] = part.reshape(told["shape"])
            if not np.isfinite(tensors[name].astype(np.float32)).all():
                raise broken(path, f"{name} holds numbers that are not finite")
    except (KeyError, TypeError, ValueError) as error:
        raise broken(path, f"its header cannot be read ({error})") from error
    objective = words.get("objective", "") if isinstance(words, dict) else ""
    if objective not in OBJECTIVES:
        raise ModelError(f"{path} is no adapter for the model in the box.")
    return Adapter(objective=objective, tensors=tensors, about=words)


def write(path: Path, adapter: Adapter) -> None:
    """Write the file, as float16, wholly or not at all."""
    words = {**adapter.about, "objective": adapter.objective}
    header: dict[str, Any] = {"__metadata__": words}
    parts, at = [], 0
    for name in sorted(adapter.tensors):
        data = np.ascontiguousarray(adapter.tensors[name], np.float16)
        header[name] = {
            "dtype": "F16",
            "shape": list(data.shape),
            "data_offsets": [at, at + data.nbytes],
        }
        parts.append(data.tobytes())
        at += data.nbytes
    told = json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(struct.pack("<Q", len(told)) + told + b"".join(parts))
    part.replace(path)


def merge(weights: Weights, *parts: tuple[Adapter, Path, float]) -> None:
    """Add such shares of the adapters' differences to the weights, in place and in one go.

    A share of -1 takes them out again. Raises ModelError, the weights being as they were: an
    adapter is another model's.
    """
    found: dict[int, tuple[Floats, list[Floats], list[Floats]]] = {}
    for adapter, path, share in parts:
        for matrix, a, b in _pairs(weights, adapter, path):
            _, firsts, seconds = found.setdefault(id(matrix), (matrix, [], []))
            firsts.append(a.astype(np.float32))
            seconds.append(np.float32(share) * b.astype(np.float32))
    for matrix, firsts, seconds in found.values():
        np.add(matrix, np.hstack(seconds) @ np.vstack(firsts), out=matrix)


_Half = NDArray[np.floating[Any]]


def _pairs(weights: Weights, adapter: Adapter, path: Path) -> Iterator[tuple[Floats, _Half, _Half]]:
    """Each matrix with the two halves of its difference. Raises ModelError."""
    wrong = ModelError(f"{path} was made for a model of another shape.")
    left = set(adapter.tensors) - {MASK_EMBEDDING}
    for number, layer in enumerate(weights.layers):
        for part in PARTS:
            names = (f"blk.{number}.{part}.a", f"blk.{number}.{part}.b")
            if not left.issuperset(names):
                continue
            a, b = (adapter.tensors[name] for name in names)
            matrix: Floats = getattr(layer, part)
            if b.shape[0] != matrix.shape[0] or a.shape[1] != matrix.shape[1]:
                raise wrong
            left.difference_update(names)
            yield matrix, a, b
    noise = adapter.mask_embedding
    if left or (noise is not None and noise.shape != (weights.shape.width,)):
        raise wrong


class Switch:
    """Adapters of which one at a time can be in the weights, each for another purpose. It moves.

    To put one in or take it out takes about as long as reading a few hundred tokens. What is taken
    out leaves rounding errors of float32 behind.
    """

    def __init__(self, weights: Weights, adapters: Mapping[Path, Adapter]) -> None:
        """None is in at first. Raises ModelError: one is another model's."""
        self._weights = weights
        self._known = {adapter.objective: (adapter, path) for path, adapter in adapters.items()}
        self._within = ""
        for adapter, path in self._known.values():
            list(_pairs(weights, adapter, path))

    def turn(self, objective: str) -> bool:
        """Have only the adapter for this in the weights, or none; whether that changed anything."""
        wanted = objective if objective in self._known else ""
        if wanted == self._within:
            return False
        moves = ((self._within, -1.0), (wanted, 1.0))
        merge(self._weights, *((*self._known[name], share) for name, share in moves if name))
        self._within = wanted
        return True

    @property
    def within(self) -> str:
        """What the adapter in the weights is for; "" where none is in."""
        return self._within
