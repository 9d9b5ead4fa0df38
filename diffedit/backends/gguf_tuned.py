"""The adapter for edits that ships with the model in the box, for llama.cpp.

It is made for the very file that `small` is: there, rewrites are asked for in the tuned model's
way (`small_edit`), with the adapter on; everything else is the plain model's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends import adapter_header, gguf_stamp
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.small import NO_ADAPTER, SHIPPED
from diffedit.backends.small_tuned import END, START
from diffedit.core.errors import ModelError
from diffedit.core.show import visible

if TYPE_CHECKING:
    from diffedit.backends.small_adapter import Adapter

SPLIT = {
    "qkv": ("attn_q", "attn_k", "attn_v"),
    "out": ("attn_output",),
    "gate_up": ("ffn_gate", "ffn_up"),
    "down": ("ffn_down",),
}
"""The matrices of a file that stand, one below the other, in one of ours."""
_BLOCK = 32
"""Numbers that share a factor in an eight-bit row: rows are filled up to it with zeros."""


def wanted(word: str, path: Path, model: GgufModel) -> Path | None:
    """The adapter for this file: the one that was asked for, else the shipped one if it is its own.

    Raises ModelError for one of another kind.
    """
    if word == NO_ADAPTER:
        return None
    if word:
        asked = Path(word).expanduser()
        if adapter_header.about(asked).get("objective") != adapter_header.CAUSAL:
            raise ModelError(
                visible(f"llama.cpp cannot use the adapter {asked}: it is not for edits.")
            )
        return asked
    mark = f"{model.meta('general.name')}/{path.stat().st_size}"
    own = SHIPPED.is_file() and adapter_header.about(SHIPPED).get("base") == mark
    return SHIPPED if own else None


def markers(model: GgufModel) -> dict[str, int]:
    """The marks that the tuned model's prompts are written with. Raises ModelError without them."""
    found = {}
    for name in (START, END):
        ids = model.encode(name, marks=True)
        if len(ids) != 1:
            raise ModelError(f"{model.name} has no {name} token, so it cannot use this adapter.")
        found[name] = ids[0]
    return found


def as_gguf(path: Path, model: GgufModel, keep: Path | None) -> Path:
    """The adapter as llama.cpp reads it, written once and kept. Raises ModelError."""
    from diffedit.backends import small_adapter  # noqa: PLC0415 - numpy

    folder = keep or Path(tempfile.gettempdir())
    made = folder / f"{gguf_stamp.mark(path)}.q8_0.lora.gguf"
    if not made.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as part:
            _write(Path(part) / "lora.gguf", small_adapter.read(path), model)
            (Path(part) / "lora.gguf").replace(made)
    return made


def _write(path: Path, adapter: Adapter, model: GgufModel) -> None:
    """Our matrices taken apart into the file's own. Raises ModelError for another's shape."""
    import gguf  # noqa: PLC0415 - heavy
    import numpy as np  # noqa: PLC0415 - heavy

    def add(name: str, values: Any) -> None:
        # Products with eight-bit numbers are the same alone and in a batch, those in half precision
        # are not: and with them, refinement would leave the text of decoding token by token.
        numbers = np.ascontiguousarray(values, np.float32)
        packed = gguf.quants.quantize(numbers, gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)

    sizes = _sizes(model)
    writer = gguf.GGUFWriter(path, model.architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    rank = max(half.shape[1] for name, half in adapter.tensors.items() if name.endswith(".b"))
    room = -(-rank // _BLOCK) * _BLOCK
    # The factor is alpha over the rank: one.
    writer.add_float32("adapter.lora.alpha", float(room))
    for name in sorted(adapter.tensors):
        block, _, half = name.rpartition(".")
        layer, _, part = block.rpartition(".")
        if half != "b":
            continue
        first, second = adapter.tensors[f"{block}.a"], adapter.tensors[name]
        blank = room - second.shape[1]
        first, second = np.pad(first, ((0, blank), (0, 0))), np.pad(second, ((0, 0), (0, blank)))
        parts, at = SPLIT[part], 0
        if second.shape[0] != sum(sizes[own] for own in parts):
            raise ModelError(visible(f"The adapter was made for another model than {model.name}."))
        for own in parts:
            end = at + sizes[own]
            add(f"{layer}.{own}.weight.lora_a", first)
            add(f"{layer}.{own}.weight.lora_b", second[at:end])
            at = end
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _sizes(model: GgufModel) -> dict[str, int]:
    """Rows of each of the file's matrices."""
    heads = model.number("{arch}.attention.head_count", 1)
    pairs = model.number("{arch}.attention.head_count_kv", heads)
    hidden = model.number("{arch}.feed_forward_length", 4 * model.width)
    keys = model.width // heads * pairs
    return {
        "attn_q": model.width,
        "attn_k": keys,
        "attn_v": keys,
        "attn_output": model.width,
        "ffn_gate": hidden,
        "ffn_up": hidden,
        "ffn_down": model.width,
    }
