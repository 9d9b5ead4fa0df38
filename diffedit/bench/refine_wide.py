"""`diffedit bench refine --wide`: the model in the box at the size of the models that people have.

What looking ahead gains hangs on what a token alone costs beside a slot of a pass, and so on how
large the weights are. Here every matrix of the model in the box, its adapter for edits added, is
filled up with zeros: it gives the answers that it gives, and costs what a model of that shape does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends.small import SHIPPED
from diffedit.bench.speed import say
from diffedit.config import models, plugins
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Backend

if TYPE_CHECKING:
    import gguf

    from diffedit.backends.small_weights import Floats, Layer, Shape, Weights

WIDTH, HIDDEN = 1536, 6144
"""1.1 billion parameters with the layers and the vocabulary of the model in the box."""
KIND = "q8_0"
"""Eight bits leave the answers as they are; four bits twice over do not."""
_COPIED = ("tokenizer.", "llama.rope.")
_NORM = ("attn_norm", "ffn_norm")


@contextmanager
def loaded(options: Mapping[str, str]) -> Iterator[Backend]:
    """The wide model through llama.cpp; its files are there as long. Raises DiffeditError.

    `options` are the gguf backend's own; `requantize` is KIND unless it is among them.
    """
    found = models.find("small")
    if not found.installed:
        raise ModelError("--wide is made of the model in the box.", hint="`models pull small`.")
    with tempfile.TemporaryDirectory(prefix="diffedit-wide-") as scratch:
        path = Path(scratch) / "wide.gguf"
        say(f"2.2 GB in {scratch}, and what they are quantized to")
        write(path, Path(found.path), WIDTH, HIDDEN, SHIPPED)
        words = {"requantize": KIND, "context": "2048", "keep": scratch, **options}
        backend = plugins.backend("gguf")(str(path), "cpu", words)
        backend.load(lambda *_told: None)
        yield backend


def write(path: Path, source: Path, width: int, hidden: int, adapter: Path | None = None) -> None:
    """Write the model of the file `source` at another width, in half precision.

    Raises ModelError, as where `width` is no multiple of the heads that share a key.
    """
    import gguf  # noqa: PLC0415 - heavy

    from diffedit.backends import small_adapter, small_weights  # noqa: PLC0415 - numpy

    file = small_weights.GgufFile(source)
    weights = small_weights.load_weights(file, lambda *_told: None)
    if adapter is not None:
        small_adapter.merge(weights, (small_adapter.read(adapter), adapter, 1.0))
    shape = weights.shape
    heads, left = divmod(width, shape.head)
    if left or heads * shape.kv_heads % shape.heads or width < shape.width or hidden < shape.hidden:
        raise ModelError(f"A model of width {shape.width} cannot be made one of {width}, {hidden}.")
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer, file.fields, shape, width, hidden)
    for name, values in _tensors(weights, width, hidden):
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(
    writer: gguf.GGUFWriter, fields: Mapping[str, Any], shape: Shape, width: int, hidden: int
) -> None:
    """The header: another shape, the same words."""
    heads = width // shape.head
    writer.add_name("wide")
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads * shape.kv_heads // shape.heads)
    # The mean of the squares is taken over the zeros too.
    writer.add_layer_norm_rms_eps(shape.eps * shape.width / width)
    adders: dict[type, Callable[[str, Any], None]] = {
        str: writer.add_string,
        bool: writer.add_bool,
        int: writer.add_uint32,
        float: writer.add_float32,
        list: writer.add_array,
    }
    for name, value in fields.items():
        if name.startswith(_COPIED):
            adders[type(value)](name, value)


def _tensors(weights: Weights, width: int, hidden: int) -> Iterator[tuple[str, Floats]]:
    """Every tensor with zeros beyond its own rows and columns."""
    import numpy as np  # noqa: PLC0415 - heavy

    shape = weights.shape

    def filled(values: Floats, rows: int, columns: int) -> Floats:
        room = ((0, rows - values.shape[0]), (0, columns - values.shape[1]))
        return np.pad(values.astype(np.float16), room)

    def norm(values: Floats) -> Floats:
        scale = np.float32((shape.width / width) ** 0.5)
        return np.pad(values * scale, (0, width - shape.width))

    yield "token_embd.weight", filled(weights.embedding, shape.vocabulary, width)
    if weights.head is not weights.embedding:
        yield "output.weight", filled(weights.head, shape.vocabulary, width)
    yield "output_norm.weight", norm(weights.norm)
    for number, layer in enumerate(weights.layers):
        for name, values in _parts(layer, shape):
            rows, columns = _size(name, shape, width, hidden)
            full = norm(values) if name in _NORM else filled(values, rows, columns)
            yield f"blk.{number}.{name}.weight", full


def _parts(layer: Layer, shape: Shape) -> Iterator[tuple[str, Floats]]:
    queries, keys = shape.heads * shape.head, shape.kv_heads * shape.head
    yield "attn_norm", layer.attention_norm
    yield "attn_q", layer.qkv[:queries]
    yield "attn_k", layer.qkv[queries : queries + keys]
    yield "attn_v", layer.qkv[queries + keys :]
    yield "attn_output", layer.out
    yield "ffn_norm", layer.mlp_norm
    yield "ffn_gate", layer.gate_up[: shape.hidden]
    yield "ffn_up", layer.gate_up[shape.hidden :]
    yield "ffn_down", layer.down


def _size(name: str, shape: Shape, width: int, hidden: int) -> tuple[int, int]:
    """Rows and columns of a matrix of the wide model."""
    keys = width * shape.kv_heads // shape.heads
    rows = {"attn_k": keys, "attn_v": keys, "ffn_gate": hidden, "ffn_up": hidden}
    return rows.get(name, width), hidden if name == "ffn_down" else width
