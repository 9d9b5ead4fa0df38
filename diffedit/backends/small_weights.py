"""A GGUF file of the llama architecture, read and checked; its weights as float32."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import dequantize
from numpy.typing import NDArray

from diffedit.core.errors import ModelError

Floats = NDArray[np.float32]
Told = Callable[[int, int], None]
"""told(done, total): bytes read so far."""

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9
_MOST = 1 << 24
"""No list in a header is longer; a larger number means that the file is corrupt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a llama model."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    hidden: int
    head: int
    rope_base: float
    eps: float
    context: int
    vocabulary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One block's weights, fused so that a pass makes four large products of it."""

    attention_norm: Floats
    qkv: Floats
    out: Floats
    mlp_norm: Floats
    gate_up: Floats
    down: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All that a forward pass reads."""

    shape: Shape
    embedding: Floats
    head: Floats
    """The same array as `embedding` where the model ties them."""
    norm: Floats
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class _Tensor:
    shape: tuple[int, ...]
    kind: gguf.GGMLQuantizationType
    offset: int
    size: int


class _Cursor:
    """Walks over the header. Running over the end is a struct.error or an IndexError."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, code: str) -> Any:
        one = struct.Struct("<" + code)
        (value,) = one.unpack_from(self.data, self.at)
        self.at += one.size
        return value

    def count(self) -> int:
        number: int = self.take("Q")
        if number > _MOST:
            raise IndexError(number)
        return number

    def text(self) -> str:
        length = self.count()
        raw = self.data[self.at : self.at + length]
        if len(raw) < length:
            raise IndexError(length)
        self.at += length
        return raw.decode("utf-8")

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            return self.take(_SCALARS[kind])
        inner, length = self.take("I"), self.count()
        if inner in (_STRING, _ARRAY):
            return [self.value(inner) for _ in range(length)]
        many = struct.Struct(f"<{length}{_SCALARS[inner]}")
        values = many.unpack_from(self.data, self.at)
        self.at += many.size
        return list(values)


class GgufFile:
    """A GGUF file, open for reading. Raises ModelError for anything that is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data = _mapped(path)
        cursor = _Cursor(self._data)
        try:
            tensors, fields = self._counts(cursor)
            self.fields: dict[str, Any] = {}
            for _ in range(fields):
                name = cursor.text()
                self.fields[name] = cursor.value(cursor.take("I"))
            self.tensors = dict(_tensor(cursor) for _ in range(tensors))
        except (struct.error, IndexError, KeyError, UnicodeDecodeError, ValueError) as error:
            raise self.broken("its header cannot be read") from error
        step = int(self.fields.get("general.alignment", 32)) or 32
        self._start = -(-cursor.at // step) * step
        last = max((t.offset + t.size for t in self.tensors.values()), default=0)
        if self._start + last > len(self._data):
            missing = self._start + last - len(self._data)
            raise self.broken(f"it ends {missing:,} bytes too early")

    def _counts(self, cursor: _Cursor) -> tuple[int, int]:
        if self._data[:4] != _MAGIC:
            raise ModelError(f"{self.path} is not a GGUF file.", hint="Choose another file.")
        cursor.at = 4
        version = cursor.take("I")
        if version not in _VERSIONS:
            raise ModelError(f"{self.path} is a GGUF file of version {version}; 2 and 3 are read.")
        return cursor.count(), cursor.count()

    def broken(self, why: str) -> ModelError:
        """The error for a file that is damaged."""
        return ModelError(
            f"The model file {self.path} is damaged: {why}.", hint="Fetch it again (`models pull`)."
        )

    @property
    def mark(self) -> str:
        """What an adapter knows its model by: the model's name and the size of its file."""
        return f"{self.fields.get('general.name', '')}/{len(self._data)}"

    def size(self, name: str) -> int:
        """How many bytes a tensor takes in the file."""
        return self._find(name).size

    def read(self, name: str, out: Floats) -> None:
        """Dequantize one tensor into `out`, which says what shape it must have."""
        tensor = self._find(name)
        if tensor.shape != out.shape:
            raise self.broken(f"{name} has the shape {tensor.shape}, not {out.shape}")
        start = self._start + tensor.offset
        raw = np.frombuffer(self._data, np.uint8, tensor.size, start)
        fill = _FILL.get(tensor.kind, _fill_any)
        try:
            fill(raw, tensor.kind, out)
        except NotImplementedError as error:
            raise ModelError(
                f"{self.path} holds {tensor.kind.name} weights, which are not supported.",
                hint="Use a file of Q4_0, Q4_1, Q8_0, F16 or F32.",
            ) from error
        # A product with itself is the cheapest look at every number: a NaN or infinity stays.
        if not np.isfinite(np.vdot(out, out)):
            raise self.broken(f"{name} holds numbers that are not finite")

    def _find(self, name: str) -> _Tensor:
        if name not in self.tensors:
            raise self.broken(f"{name} is not in it")
        return self.tensors[name]


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        why = error.strerror or str(error)
        raise ModelError(f"Cannot read the model file {path}: {why}.") from error
    except ValueError as error:
        raise ModelError(f"The model file {path} is empty.", hint="Fetch it again.") from error


def _tensor(cursor: _Cursor) -> tuple[str, _Tensor]:
    name = cursor.text()
    shape = tuple(reversed([cursor.count() for _ in range(cursor.take("I"))]))
    kind = gguf.GGMLQuantizationType(cursor.take("I"))
    offset = cursor.take("Q")
    block, width = gguf.GGML_QUANT_SIZES[kind]
    count = int(np.prod(shape, dtype=np.int64))
    if not shape or shape[-1] % block:
        raise ValueError(name)
    return name, _Tensor(shape, kind, offset, count // block * width)


def _fill_q4_1(raw: NDArray[np.uint8], _kind: object, out: Floats) -> None:
    blocks = raw.reshape(-1, 20)
    scales = blocks[:, :4].copy().view(np.float16).astype(np.float32)
    scale, least = scales[:, :1], scales[:, 1:]
    into = out.reshape(-1, 32)
    nibbles = blocks[:, 4:]
    np.multiply(nibbles & 15, scale, out=into[:, :16])
    np.multiply(nibbles >> 4, scale, out=into[:, 16:])
    into += least


def _fill_q8_0(raw: NDArray[np.uint8], _kind: object, out: Floats) -> None:
    blocks = raw.reshape(-1, 34)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    np.multiply(blocks[:, 2:].view(np.int8), scale, out=out.reshape(-1, 32))


def _fill_any(raw: NDArray[np.uint8], kind: gguf.GGMLQuantizationType, out: Floats) -> None:
    if kind in (gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16):
        plain = np.float32 if kind == gguf.GGMLQuantizationType.F32 else np.float16
        out.reshape(-1)[:] = raw.view(plain)
        return
    _block, width = gguf.GGML_QUANT_SIZES[kind]
    rows = raw.reshape(-1, width)
    out.reshape(rows.shape[0], -1)[:] = dequantize(rows, kind)


_FILL = {
    gguf.GGMLQuantizationType.Q4_1: _fill_q4_1,
    gguf.GGMLQuantizationType.Q8_0: _fill_q8_0,
}


def shape_of(file: GgufFile) -> Shape:
    """The model's sizes, checked against one another. Raises ModelError."""
    kind = file.fields.get("general.architecture")
    if kind != "llama":
        raise ModelError(
            f"{file.path} is a model of the architecture {kind!r}; this backend runs 'llama'.",
            hint="Choose a SmolLM2 or another llama model.",
        )
    try:
        width, heads = _field(file, "embedding_length"), _field(file, "attention.head_count")
        shape = Shape(
            layers=int(_field(file, "block_count")),
            width=int(width),
            heads=int(heads),
            kv_heads=int(file.fields.get("llama.attention.head_count_kv", heads)),
            hidden=int(_field(file, "feed_forward_length")),
            head=int(file.fields.get("llama.rope.dimension_count", width // heads)),
            rope_base=float(file.fields.get("llama.rope.freq_base", 10_000.0)),
            eps=float(_field(file, "attention.layer_norm_rms_epsilon")),
            context=int(_field(file, "context_length")),
            vocabulary=len(file.fields["tokenizer.ggml.tokens"]),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise file.broken(f"its header lacks a usable {error}") from error
    # Rotating only a part of each head is another architecture under the same name.
    if shape.head * shape.heads != shape.width or shape.head % 2 or shape.heads % shape.kv_heads:
        raise file.broken("its sizes do not fit together")
    return shape


def _field(file: GgufFile, name: str) -> Any:
    return file.fields[f"llama.{name}"]


def load_weights(file: GgufFile, told: Told) -> Weights:
    """Dequantize everything, two tensors at a time. Raises ModelError."""
    shape = shape_of(file)
    jobs: list[tuple[str, Floats]] = []

    def place(name: str, out: Floats) -> Floats:
        jobs.append((name, out))
        return out

    embedding = place("token_embd.weight", _empty(shape.vocabulary, shape.width))
    tied = "output.weight" not in file.tensors
    head = embedding if tied else place("output.weight", np.empty_like(embedding))
    norm = place("output_norm.weight", _empty(shape.width))
    layers = tuple(_layer(shape, f"blk.{number}", place) for number in range(shape.layers))
    for done, total in _read_all(file, jobs):
        told(done, total)
    return Weights(shape=shape, embedding=embedding, head=head, norm=norm, layers=layers)


def _layer(shape: Shape, name: str, place: Callable[[str, Floats], Floats]) -> Layer:
    queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
    qkv = _empty(queries + 2 * keys, shape.width)
    place(f"{name}.attn_q.weight", qkv[:queries])
    place(f"{name}.attn_k.weight", qkv[queries : queries + keys])
    place(f"{name}.attn_v.weight", qkv[queries + keys :])
    gate_up = _empty(2 * shape.hidden, shape.width)
    place(f"{name}.ffn_gate.weight", gate_up[: shape.hidden])
    place(f"{name}.ffn_up.weight", gate_up[shape.hidden :])
    return Layer(
        attention_norm=place(f"{name}.attn_norm.weight", _empty(shape.width)),
        qkv=qkv,
        out=place(f"{name}.attn_output.weight", _empty(shape.width, queries)),
        mlp_norm=place(f"{name}.ffn_norm.weight", _empty(shape.width)),
        gate_up=gate_up,
        down=place(f"{name}.ffn_down.weight", _empty(shape.width, shape.hidden)),
    )


def _empty(*sizes: int) -> Floats:
    return np.empty(sizes, np.float32)


def _read_all(file: GgufFile, jobs: list[tuple[str, Floats]]) -> Iterator[tuple[int, int]]:
    total = sum(file.size(name) for name, _out in jobs)
    done = 0
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        futures = [pool.submit(file.read, name, out) for name, out in jobs]
        try:
            for (name, _out), future in zip(jobs, futures, strict=True):
                future.result()
                done += file.size(name)
                yield done, total
        finally:
            pool.shutdown(cancel_futures=True)
