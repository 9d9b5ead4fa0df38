"""A model file of a few hundred kilobytes, with a true vocabulary and random weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import quantize
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from diffedit.backends import small_adapter
from diffedit.backends.small import SmallBackend

LAYERS, WIDTH, HEADS, KV_HEADS, HIDDEN = 2, 64, 4, 2, 96
HEAD = WIDTH // HEADS
ROPE_BASE, EPS, CONTEXT = 100_000.0, 1e-5, 512
MARKERS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CORPUS = """\
def read(path):
    with open(path) as file:
        return file.read()

def total(values):
    result = 0
    for value in values:
        result += value
    return result

class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
"""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tiny:
    """The file, and the weights as they are after quantizing."""

    path: Path
    weights: dict[str, Array]


def write(path: Path, *, architecture: str = "llama", poison: bool = False) -> Tiny:
    """Write the model; `poison` puts a NaN into it."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("Tiny")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(EPS)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_rope_dimension_count(HEAD)
    vocabulary = add_vocabulary(writer)
    weights = _weights(vocabulary)
    if poison:
        weights["blk.1.ffn_norm.weight"][3] = np.nan
    kept = {}
    for name, values in weights.items():
        kind = _kind(name)
        raw = quantize(values, kind)
        writer.add_tensor(name, raw, raw_dtype=kind)
        kept[name] = gguf.quants.dequantize(raw, kind).reshape(values.shape)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return Tiny(path, kept)


def add_vocabulary(writer: gguf.GGUFWriter, markers: tuple[str, ...] = MARKERS) -> int:
    """A BPE vocabulary learnt from a page of code, the markers first; returns its size."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=list(markers),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    by_number = {number: token for token, number in tokenizer.get_vocab().items()}
    tokens = [by_number[number] for number in range(len(by_number))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in markers else 1 for token in tokens])
    writer.add_token_merges(merges_of(tokenizer))
    return len(tokens)


def merges_of(tokenizer: Tokenizer) -> list[str]:
    """The merges in order, as GGUF writes them."""
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [" ".join(pair) for pair in merges]


def _kind(name: str) -> gguf.GGMLQuantizationType:
    """Norms whole, the embedding and the rest as in the real file, one matrix as F16."""
    kinds = gguf.GGMLQuantizationType
    if "norm" in name:
        return kinds.F32
    if name == "token_embd.weight":
        return kinds.Q8_0
    return kinds.F16 if name.endswith("0.attn_v.weight") else kinds.Q4_1


def _weights(vocabulary: int) -> dict[str, Array]:
    random = np.random.default_rng(7)

    def matrix(rows: int, columns: int) -> Array:
        values: Array = random.standard_normal((rows, columns), np.float32)
        values *= np.float32(2 * columns**-0.5)
        return values

    def scale() -> Array:
        return (1 + 0.1 * random.standard_normal(WIDTH)).astype(np.float32)

    weights = {"token_embd.weight": matrix(vocabulary, WIDTH), "output_norm.weight": scale()}
    for number in range(LAYERS):
        weights |= {
            f"blk.{number}.attn_norm.weight": scale(),
            f"blk.{number}.attn_q.weight": matrix(WIDTH, WIDTH),
            f"blk.{number}.attn_k.weight": matrix(KV_HEADS * HEAD, WIDTH),
            f"blk.{number}.attn_v.weight": matrix(KV_HEADS * HEAD, WIDTH),
            f"blk.{number}.attn_output.weight": matrix(WIDTH, WIDTH),
            f"blk.{number}.ffn_norm.weight": scale(),
            f"blk.{number}.ffn_gate.weight": matrix(HIDDEN, WIDTH),
            f"blk.{number}.ffn_up.weight": matrix(HIDDEN, WIDTH),
            f"blk.{number}.ffn_down.weight": matrix(WIDTH, HIDDEN),
        }
    return weights


def loaded(folder: Path) -> SmallBackend:
    """A tiny model as the backend of the model in the box, ready to be asked."""
    backend = SmallBackend(str(write(folder / "tiny.gguf").path), "auto", {})
    backend.load(lambda *_told: None)
    return backend


def adapted(folder: Path, objective: str) -> tuple[SmallBackend, SmallBackend]:
    """A tiny model, plain and with an adapter of random numbers."""
    plain = loaded(folder)
    assert plain._denoiser is not None
    shape = plain._denoiser._model.weights.layers[0].down.shape
    random = np.random.default_rng(3)
    tensors: dict[str, Any] = {
        "blk.0.down.a": random.normal(size=(2, shape[1])),
        "blk.0.down.b": random.normal(size=(shape[0], 2)),
    }
    path = folder / "a.safetensors"
    small_adapter.write(path, small_adapter.Adapter(objective=objective, tensors=tensors))
    tuned = SmallBackend(str(plain._path), "cpu", {"adapter": str(path)})
    tuned.load(lambda *_told: None)
    return plain, tuned
