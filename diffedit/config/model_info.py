"""What a model needs and what this machine has, told before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.backends import gemma_folder, gemma_memory, gemma_saved, gemma_sizes
from diffedit.backends.gemma_memory import Machine, gigabytes
from diffedit.backends.gemma_sizes import SMALL_KINDS, Kind, Need
from diffedit.backends.safetensors_file import read_headers
from diffedit.config import checkpoints, gemma_known
from diffedit.core.errors import ModelError, OutOfMemoryError

if TYPE_CHECKING:
    from diffedit.config.models import Model

SMALL_NEEDS = 1_000_000_000
"""What the model in the box takes, in bytes."""


def lines(model: Model, *, device: str, wanted: str) -> Iterator[str]:
    """Some lines about a model. Raises ModelError for a folder that cannot be read."""
    here = gemma_memory.machine()
    yield f"{model.name}: {model.summary}"
    yield f"backend   {model.backend or 'none here can run it'}"
    if model.installed:
        size = f" ({gigabytes(model.size)})" if model.size else ""
        yield f"files     {model.path or 'none'}{size}"
    else:
        yield f"files     not here; to fetch: {gigabytes(model.size)}"
    if model.backend == checkpoints.BACKEND:
        yield from _packages()
        needs = needs_of(model)
        yield from _table(needs)
        yield from _kept(model)
        yield _machine(here)
        yield _verdict(needs, here, device=device, wanted=wanted)
        return
    least = SMALL_NEEDS if model.name == "small" else model.size * 5 // 4
    if model.size:
        yield f"needs     about {gigabytes(least)} of memory"
    yield _machine(here)


def needs_of(model: Model) -> Mapping[Kind, Need]:
    """What each kind of weights needs: by the headers of its files, or as it is known."""
    if not model.installed:
        return gemma_known.NEEDS
    folder = Path(model.path)
    checkpoint = gemma_folder.look(folder)
    shapes = gemma_saved.shapes(read_headers(checkpoint.shards))
    packed = gemma_saved.kind_of(folder)
    try:
        if packed is not None:
            return {packed: gemma_sizes.packed_need(shapes, checkpoint.config, packed)}
        kinds: tuple[Kind, ...] = ("bf16", "fp8", "int8", "int4")
        return {kind: gemma_sizes.need(shapes, checkpoint.config, kind) for kind in kinds}
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The config.json of {model.name} lacks {error}.") from error


def _packages() -> Iterator[str]:
    try:
        gemma_folder.check_packages()
    except ModelError as error:
        yield f"packages  {error}"


def _table(needs: Mapping[Kind, Need]) -> Iterator[str]:
    """A line for each kind of weights."""
    yield "weights      total  weights    cache   logits  unpacked  experts may stay in host memory"
    for need in needs.values():
        parts = (need.total, need.weights, need.cache, need.logits, need.workspace)
        told = "  ".join(f"{size / 1e9:5.1f} GB"[-8:].rjust(7) for size in parts)
        yield f"  {need.kind:<6} {told}   {gigabytes(need.experts)}"
    context = f"{gemma_sizes.CONTEXT:,}"
    yield f"  (cache: a prompt of {context} tokens; logits: those of one step; GB: 10^9 bytes)"


def _kept(model: Model) -> Iterator[str]:
    for kind in SMALL_KINDS:
        place = gemma_saved.place(Path(model.path), kind)
        if model.installed and (place / gemma_saved.MANIFEST).is_file():
            yield f"packed    {kind} is kept in {place}: it loads without being packed again"


def _machine(here: Machine) -> str:
    gpu = "no GPU (asked of nvidia-smi)"
    if here.gpu_name:
        gpu = f"{here.gpu_name}, {gigabytes(here.gpu_free)} of {gigabytes(here.gpu)} free"
    host = f"{gigabytes(here.host_free)} of {gigabytes(here.host)} free"
    return f"machine   {gpu}; memory {host}"


def _verdict(needs: Mapping[Kind, Need], here: Machine, *, device: str, wanted: str) -> str:
    try:
        plan = gemma_memory.choose(needs, here, device=device, wanted=wanted)
    except OutOfMemoryError as error:
        return f"verdict   does not fit. {error}"
    return f"verdict   {plan.kind} on {plan.device}. {plan.note}".rstrip()
