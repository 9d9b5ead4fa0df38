"""How much memory DiffusionGemma takes, by exact count: weights, cache, and what a step needs.

Pure arithmetic on the shapes that a checkpoint's headers tell, so that it can be said before
anything is loaded. `scheme` is the one rule for what is kept in which bits: the loader asks it too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["bf16", "fp8", "int8", "int4", "f32"]
"""What `--option weights=` may say, besides auto."""
Scheme = Literal["keep", "experts", "linear", "rows"]
"""As it is; an expert stack; a plain matrix; a matrix that is looked up by rows as well."""

KINDS: tuple[Kind, ...] = ("bf16", "fp8", "int8", "int4", "f32")
SMALL_KINDS: tuple[Kind, ...] = ("fp8", "int8", "int4")
"""The ones that are packed as they are read."""
GROUP = 32
"""Weights that share one scale in int4."""
SCALE = 2
"""Bytes of a group's scale in int4 (float16)."""
ROW_SCALE = 4
"""Bytes of a row's scale in int8 and fp8 (float32)."""
CONTEXT = 8192
"""Tokens of prompt that the figures count with."""
CHUNK = 8
"""Experts that are unpacked at once."""
ROWS = 8_192
"""Rows of the vocabulary that are unpacked at once."""
LOGITS = 4
"""Canvases of float32 logits that live at once at most in a step: the model's own, their capped
form or the softmax, and the former step's in 16 bits, twice while the head joins its parts."""
SLACK = 2048
"""Tokens that a sliding layer's cache keeps beyond its window, to go back without reading again."""
STEP = 256
"""A cache grows by so many tokens."""

Shapes = Iterable[tuple[str, tuple[int, ...], int]]
"""Name, shape, and bytes of one number, of each tensor."""

_LINEARS = (
    "q_proj.weight",
    "k_proj.weight",
    "v_proj.weight",
    "o_proj.weight",
    "gate_proj.weight",
    "up_proj.weight",
    "down_proj.weight",
    "embedding_projection.weight",
    "input_proj.weight",
    "linear.weight",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one kind of weights needs of the device, in bytes."""

    kind: Kind
    weights: int
    experts: int
    """The part of `weights` that may stay in the host's memory."""
    cache: int
    logits: int
    workspace: int
    """What unpacked weights take for a moment."""

    @property
    def total(self) -> int:
        """All at once."""
        return self.weights + self.cache + self.logits + self.workspace

    @property
    def offloaded(self) -> int:
        """All but the experts."""
        return self.total - self.experts


def scheme(name: str, shape: tuple[int, ...]) -> Scheme:
    """How a tensor of the checkpoint is packed in the small kinds.

    Norms, routers, scalars and tables of positions stay as they are: they are small, and much
    depends on them.
    """
    if name.endswith((".experts.gate_up_proj", ".experts.down_proj")) and len(shape) == 3:
        return "experts"
    if len(shape) != 2:
        return "keep"
    if name.endswith("embed_tokens.weight") or name == "lm_head.weight":
        return "rows"
    return "linear" if name.endswith(_LINEARS) else "keep"


def weight_bytes(shapes: Shapes, kind: Kind) -> tuple[int, int]:
    """All weights, and the experts among them, in bytes on the device."""
    total = experts = 0
    for name, shape, width in shapes:
        count = math.prod(shape)
        what = scheme(name, shape)
        if kind in ("f32", "bf16"):
            size = (4 if kind == "f32" else 2) * count
        elif what == "keep":
            size = width * count
        elif what == "experts" and kind == "int4":
            size = count // 2 + count // GROUP * SCALE
        else:
            size = count + count // shape[-1] * ROW_SCALE
        total += size
        experts += size if what == "experts" else 0
    return total, experts


def need(shapes: Shapes, config: Mapping[str, Any], kind: Kind, *, context: int = CONTEXT) -> Need:
    """What a kind of weights needs with `context` tokens of prompt. `config` is config.json's."""
    weights, experts = weight_bytes(shapes, kind)
    return _need(kind, (weights, experts), config, context)


def packed_need(shapes: Shapes, config: Mapping[str, Any], kind: Kind) -> Need:
    """The same for a folder whose weights are packed already."""
    weights = experts = 0
    for name, shape, width in shapes:
        size = width * math.prod(shape)
        weights += size
        experts += size if ".experts." in name else 0
    return _need(kind, (weights, experts), config, CONTEXT)


def _need(kind: Kind, counted: tuple[int, int], config: Mapping[str, Any], context: int) -> Need:
    text = config["text_config"]
    workspace = 0
    if kind in SMALL_KINDS:
        widest = max(CHUNK * 2 * int(text["moe_intermediate_size"]), ROWS)
        workspace = (
            2 * 2 * widest * int(text["hidden_size"])
        )  # bfloat16, and the same again while it is made
    return Need(
        kind=kind,
        weights=counted[0],
        experts=counted[1],
        cache=cache_bytes(text, context),
        logits=logits_bytes(config),
        workspace=workspace,
    )


def cache_bytes(text: Mapping[str, Any], context: int) -> int:
    """Keys and values of a prompt in 16 bits, over all layers, as `gemma_cache` keeps them."""
    kept = _kept(text, context, SLACK)
    return sum(2 * 2 * (tokens + STEP) * heads * size for heads, size, tokens in kept)


def _kept(text: Mapping[str, Any], tokens: int, slack: int = 0) -> Iterator[tuple[int, int, int]]:
    """Of each layer its heads of keys, their width, and how many of `tokens` it keeps.

    A layer that sees a window keeps `slack` more than that.
    """
    for layer, kind in enumerate(text["layer_types"]):
        sliding = kind == "sliding_attention"
        kept = min(tokens, int(text["sliding_window"]) + slack) if sliding else tokens
        yield *_heads(text, layer, kind), kept


def logits_bytes(config: Mapping[str, Any]) -> int:
    """What a step's logits take, with all that is made of them, for one canvas."""
    slots = int(config.get("canvas_length", 256))
    return LOGITS * 4 * slots * int(config["text_config"]["vocab_size"])


def row_bytes(text: Mapping[str, Any], *, canvas: int, tokens: int, width: int) -> int:
    """What a canvas takes of a pass of the decoder at its widest, after `tokens` of a prompt.

    Either in attention: keys and values joined, twice, and once for each head, and the scores in
    float32 with their softmax; or in the experts: each slot as often as it asks one. `width` is
    the bytes of a number.
    """
    queries, hidden = int(text["num_attention_heads"]), int(text["hidden_size"])
    asked = canvas * int(text["top_k_experts"])
    widest = asked * width * (5 * hidden + 3 * 2 * int(text["moe_intermediate_size"]))
    for heads, size, kept in _kept(text, tokens):
        seen = canvas + kept
        pair = 2 * (2 * heads + queries) * seen * size * width
        widest = max(widest, pair + 2 * queries * canvas * seen * 4)
    return widest


def tail_bytes(text: Mapping[str, Any], *, tokens: int, width: int) -> int:
    """What a row keeps of so many tokens of its own, over all layers."""
    return sum(2 * kept * heads * size * width for heads, size, kept in _kept(text, tokens))


def rows_in(  # noqa: PLR0913 - a count of as many things
    text: Mapping[str, Any],
    room: int,
    *,
    canvas: int,
    prefix: int,
    own: int,
    context: int = CONTEXT,
    width: int = 2,
) -> int:
    """How many canvases one pass may have in `room` bytes, each with `own` tokens of its own.

    Beside the room they have what a prefix leaves of the cache of a whole context.
    """
    each = row_bytes(text, canvas=canvas, tokens=prefix + own, width=width)
    each += tail_bytes(text, tokens=own, width=width)
    left = max(0, cache_bytes(text, context) - cache_bytes(text, prefix))
    return (room + left if own else room) // each


def _heads(text: Mapping[str, Any], layer: int, kind: str) -> tuple[int, int]:
    """Key-value heads of a layer and their width.

    Layers that see everything have their own: in `per_layer_config`, by the layer's number or its
    kind, or, as it was first published, in two global fields.
    """
    own: dict[str, Any] = {}
    for key, told in (text.get("per_layer_config") or {}).items():
        if key == kind or (key.isdecimal() and int(key) == layer):
            own |= told
    if kind != "sliding_attention":
        own.setdefault("num_key_value_heads", text.get("num_global_key_value_heads"))
        own.setdefault("head_dim", text.get("global_head_dim"))
    heads = own.get("num_key_value_heads") or text["num_key_value_heads"]
    return int(heads), int(own.get("head_dim") or text["head_dim"])
