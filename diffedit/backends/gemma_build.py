"""A DiffusionGemma from its checkpoint's tensors, packed as they are read, a stretch at a time.

The model is made without weights (on torch's meta device). Each tensor is then read in stretches
of at most PART bytes, packed on the device where it will live, and put into every place that
shares it: encoder and decoder are one set of weights. So beside the result never more than a few
copies of one stretch are in memory. `from_pretrained` would hold whole shards, and cannot pack
the experts, which are no `nn.Linear` but stacks [E, out, in].
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from diffedit.backends.gemma_modules import (
    PackedEmbedding,
    PackedExperts,
    PackedHead,
    PackedLinear,
)
from diffedit.backends.gemma_packed import FP8, Format, Packed, pack
from diffedit.backends.gemma_sizes import GROUP, SMALL_KINDS, Kind, Scheme, scheme
from diffedit.backends.safetensors_file import Entry
from diffedit.core.errors import ModelError
from diffedit.core.show import visible

PART = 1 << 25
"""Bytes that are read at once, at most; a row that is longer is read whole."""
CODES, SCALES = ".codes", ".scales"
"""What a packed tensor's two parts are called in a saved folder, after its own name."""
DTYPES = {
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F64": torch.float64,
    "F8_E4M3": FP8,
    "I8": torch.int8,
    "U8": torch.uint8,
    "I32": torch.int32,
    "I64": torch.int64,
    "BOOL": torch.bool,
}
FORMATS: Mapping[str, Format] = {"uint8": "int4", "int8": "int8", "float8_e4m3fn": "fp8"}
"""The kind of a packed tensor's codes tells its format."""

Kept = dict[str, Tensor | Packed]
"""What became of each tensor of the checkpoint, by its name there."""


@dataclass(slots=True)
class Order:
    """How to build one."""

    kind: Kind
    device: torch.device
    offload: bool = False
    """Leave the experts in the host's memory."""
    report: Callable[[int], None] = field(default=lambda _: None)
    """report(bytes read so far)"""

    @property
    def small(self) -> Format:
        """The format of what is not an expert."""
        return "fp8" if self.kind == "fp8" else "int8"


def empty(config: Any) -> Any:
    """The model without weights: parameters on the meta device, what is computed computed."""
    from transformers import DiffusionGemmaForBlockDiffusion  # noqa: PLC0415 - heavy

    with torch.device("meta"):
        model = DiffusionGemmaForBlockDiffusion(config)
    model.tie_weights()
    _compute(model, model)
    return model.eval().requires_grad_(requires_grad=False)


def _compute(module: Any, owner: Any) -> None:
    """What no checkpoint holds (frequencies, scales), by transformers' own code.

    `owner` is the nearest model around the module: each kind has its own way.
    """
    from transformers import PreTrainedModel  # noqa: PLC0415 - heavy

    owner = module if isinstance(module, PreTrainedModel) else owner
    buffers = module._buffers  # noqa: SLF001 - torch has no public way to ask what is not saved
    own = [name for name in module._non_persistent_buffers_set if name in buffers]  # noqa: SLF001
    for name in own:
        buffers[name] = torch.empty_like(buffers[name], device="cpu")
    if own:
        owner._init_weights(module)  # noqa: SLF001 - weights are on meta still: nothing happens to them
    for child in module.children():
        _compute(child, owner)


def fill(model: Any, entries: Mapping[str, Entry], order: Order) -> Kept:
    """Read every tensor into an empty model. Raises ModelError for what is missing or misshapen.

    `entries` are a checkpoint's, or those of a folder that `gemma_saved` wrote.
    """
    places = _places(model)
    kept: Kept = {}
    experts: dict[int, dict[str, Packed]] = defaultdict(dict)
    done = 0
    for name, entry in entries.items():
        base = name.removesuffix(CODES)
        if name.endswith(SCALES) or base not in places:
            continue
        scales = entries.get(base + SCALES) if base != name else None
        found = _read(base, entry, scales, model, order)
        kept[base] = found
        names = places[base]
        _install(model, names, found, experts)
        for same in names:
            del places[same]
        done += entry.size + (scales.size if scales else 0)
        order.report(done)
    _check_all(places)
    for module in model.modules():
        if isinstance(module, PackedExperts):
            module.offloaded = order.offload
        elif isinstance(module, PackedEmbedding):
            module.embed_scale = module.embed_scale.to(_dtype(entries))
    return kept


def _dtype(entries: Mapping[str, Entry]) -> torch.dtype:
    """The numbers that a packed model works in: those that its norms were saved in."""
    told = next(
        entry.dtype for name, entry in entries.items() if name.endswith("decoder.norm.weight")
    )
    return DTYPES[told]


def _places(model: Any) -> dict[str, list[str]]:
    """Each name that a checkpoint may use to all names of the same weight."""
    by_id: dict[int, list[str]] = defaultdict(list)
    for name, value in model.state_dict(keep_vars=True).items():
        by_id[id(value)].append(name)
    return {name: names for names in by_id.values() for name in names}


def _check_all(places: Mapping[str, list[str]]) -> None:
    """Raises ModelError if a weight was in no file."""
    missing = sorted({min(names) for names in places.values()})
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(
            visible(f"The checkpoint lacks the tensor {missing[0]}{more}."),
            hint="It was saved by something else than transformers; fetch the released one.",
        )


def _read(
    name: str, entry: Entry, scales: Entry | None, model: Any, order: Order
) -> Tensor | Packed:
    """One tensor as it will be kept."""
    what = scheme(name, entry.shape) if scales is None else "keep"
    device = order.device
    if order.offload and ".experts." in name:
        device = torch.device("cpu")
    if scales is not None:
        codes = _whole(entry, device, None)
        form = FORMATS[str(codes.dtype).removeprefix("torch.")]
        return Packed(form, codes, _whole(scales, device, None))
    if entry.shape != tuple(model.get_parameter_or_buffer(name).shape):
        raise ModelError(
            visible(f"The tensor {name} has the shape {list(entry.shape)}, which config.json ")
            + "does not allow.",
            hint="The folder's files are of different models.",
        )
    if order.kind not in SMALL_KINDS or what == "keep" or _has_bias(model, name, what):
        dtype = {"bf16": torch.bfloat16, "f32": torch.float32}.get(order.kind)
        plain = _whole(entry, device, dtype)
        return (
            Packed("plain", plain, plain.new_empty(0))
            if order.offload and what == "experts"
            else plain
        )
    form = "int4" if order.kind == "int4" and what == "experts" else order.small
    if form == "int4" and entry.shape[-1] % GROUP:
        raise ModelError(
            f"This model cannot be packed in int4: its rows of {entry.shape[-1]} weights are no "
            f"whole groups of {GROUP}.",
            hint="Say --option weights=int8.",
        )
    return _packed(entry, device, form, order.device)


def _has_bias(model: Any, name: str, what: Scheme) -> bool:
    """A matrix with a bias stays as it is; DiffusionGemma has none."""
    if what != "linear":
        return False
    module = model.get_submodule(name.rpartition(".")[0])
    return not isinstance(module, nn.Linear) or module.bias is not None


def _stretches(entry: Entry) -> Iterator[tuple[int, int]]:
    """Stretches of the outermost axis of at most PART bytes."""
    count = entry.shape[0]
    step = max(1, count * PART // max(entry.size, 1))
    for first in range(0, count, step):
        yield first, min(first + step, count)


def _numbers(entry: Entry) -> Tensor:
    """A tensor of the host over what was read."""
    if entry.dtype not in DTYPES:
        raise ModelError(visible(f"The tensor {entry.name} holds {entry.dtype}, unknown here."))
    if not entry.count:
        return torch.empty(entry.shape, dtype=DTYPES[entry.dtype])
    return torch.frombuffer(entry.read(), dtype=DTYPES[entry.dtype]).view(entry.shape)


def _whole(entry: Entry, device: torch.device, dtype: torch.dtype | None) -> Tensor:
    """A tensor as it is, or in other floating-point numbers."""
    stored = DTYPES.get(entry.dtype)
    if entry.size <= PART or not entry.shape:
        numbers = _numbers(entry)
        return numbers.to(
            device, dtype if stored is not None and stored.is_floating_point else None
        )
    into = (
        dtype if dtype is not None and stored is not None and stored.is_floating_point else stored
    )
    whole = torch.empty(entry.shape, dtype=into, device=device)
    for first, last in _stretches(entry):
        whole[first:last] = _numbers(entry.rows(first, last)).to(device)
    return whole


def _packed(entry: Entry, device: torch.device, form: Format, worker: torch.device) -> Packed:
    """A tensor packed, a stretch at a time, on the device that is quickest at it."""
    codes: Tensor | None = None
    scales: Tensor | None = None
    for first, last in _stretches(entry):
        part = pack(_numbers(entry.rows(first, last)).to(worker), form)
        if codes is None or scales is None:
            shape = (entry.shape[0], *part.codes.shape[1:])
            codes = torch.empty(shape, dtype=part.codes.dtype, device=device)
            shape = (entry.shape[0], *part.scales.shape[1:])
            scales = torch.empty(shape, dtype=part.scales.dtype, device=device)
        codes[first:last] = part.codes.to(device)
        scales[first:last] = part.scales.to(device)
    assert codes is not None
    assert scales is not None
    return Packed(form, codes, scales)


# Into the model -----------------------------------------------------------------------------------


def _install(
    model: Any, names: list[str], found: Tensor | Packed, experts: dict[int, dict[str, Packed]]
) -> None:
    """Put what was read into every place that shares it."""
    if isinstance(found, Tensor):
        value = nn.Parameter(found, requires_grad=False)
        for name in names:
            parent, _, own = name.rpartition(".")
            module = model.get_submodule(parent)
            if own in module._buffers:  # noqa: SLF001 - setattr refuses a tensor on another device
                module._buffers[own] = found  # noqa: SLF001 - as above
            else:
                setattr(module, own, value)
        return
    parents = [model.get_submodule(name.rpartition(".")[0]) for name in names]
    if hasattr(parents[0], "gate_up_proj"):
        _install_experts(model, names, found, experts)
    elif any(hasattr(parent, "scalar_embed_scale") for parent in parents):
        _install_embedding(model, names, parents, found)
    else:
        linear = PackedLinear(found)
        for name in names:
            model.set_submodule(name.rpartition(".")[0], linear)


def _install_experts(
    model: Any, names: list[str], found: Packed, experts: dict[int, dict[str, Packed]]
) -> None:
    """Once both stacks of a layer are here, they replace its experts in both towers."""
    places = [name.rpartition(".")[0] for name in names]
    old = model.get_submodule(places[0])
    stacks = experts[id(old)]
    stacks[names[0].rpartition(".")[2]] = found
    if len(stacks) < 2:
        return
    new = PackedExperts(stacks["gate_up_proj"], stacks["down_proj"], old.act_fn)
    for place in places:
        model.set_submodule(place, new)


def _install_embedding(model: Any, names: list[str], parents: list[Any], found: Packed) -> None:
    """One embedding for both towers, and the head beside it."""
    scale = next(one for one in parents if hasattr(one, "scalar_embed_scale")).scalar_embed_scale
    embedding = PackedEmbedding(found, scale)
    for name in names:
        place = name.rpartition(".")[0]
        model.set_submodule(place, PackedHead(embedding) if place == "lm_head" else embedding)


# Without a checkpoint -----------------------------------------------------------------------------


def fill_randomly(model: Any, order: Order, dtype: torch.dtype) -> None:
    """Random weights of the right size and kind, made on the device: for measuring only."""
    experts: dict[int, dict[str, Packed]] = defaultdict(dict)
    places = _places(model)
    for name, names in list(places.items()):
        if name not in places:
            continue
        shape = tuple(model.get_parameter_or_buffer(name).shape)
        what = scheme(names[-1] if names[-1] != "lm_head.weight" else names[0], shape)
        if order.kind not in SMALL_KINDS or what == "keep":
            made = torch.empty(shape, dtype=dtype, device=order.device).normal_(0, 0.02)
            found: Tensor | Packed = made.fill_(1) if len(shape) < 2 else made
        else:
            four = order.kind == "int4" and what == "experts"
            found = _random_packed(shape, "int4" if four else order.small, order.device)
        _install(model, names, found, experts)
        for same in names:
            del places[same]
    for module in model.modules():
        if isinstance(module, PackedEmbedding):
            module.embed_scale = module.embed_scale.to(dtype)


def _random_packed(shape: tuple[int, ...], form: Format, device: torch.device) -> Packed:
    """Codes by chance, scales that give weights of the usual width."""
    *rows, width = shape
    if form == "int4":
        codes = torch.randint(0, 256, (*rows, width // 2), dtype=torch.uint8, device=device)
        scales = torch.full((*rows, width // GROUP), 3e-4, dtype=torch.half, device=device)
        return Packed(form, codes, scales)
    codes = torch.randint(-80, 81, shape, dtype=torch.int8, device=device)
    scales = torch.full((*rows, 1), 4e-4, dtype=torch.float32, device=device)
    return Packed(form, codes.to(FP8) if form == "fp8" else codes, scales)
