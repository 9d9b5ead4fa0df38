"""From a checkpoint folder to a model that stands ready on its device, in the bits that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends import gemma_memory, gemma_saved, gemma_sizes
from diffedit.backends.gemma_folder import Checkpoint, look
from diffedit.backends.gemma_memory import Machine, Plan, gigabytes
from diffedit.backends.gemma_sizes import KINDS, SMALL_KINDS, Kind, Need
from diffedit.backends.safetensors_file import Entry, read_headers
from diffedit.core.errors import ModelError, OutOfMemoryError
from diffedit.core.show import visible
from diffedit.engine.backend import Report

if TYPE_CHECKING:
    import torch

PRECISIONS = ("auto", *KINDS)
"""How the weights are kept; auto: the truest that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A model in eval mode, and where it is."""

    model: Any
    """A transformers DiffusionGemmaForBlockDiffusion."""
    device: torch.device
    """Where the canvas, the cache and the logits live."""
    kind: str = "bf16"
    """How its weights are kept: one of KINDS."""
    note: str = ""
    """What a person should know, such as what an offload costs; "" if nothing."""


def needs_of(entries: Mapping[str, Entry], config: Mapping[str, Any]) -> dict[Kind, Need]:
    """What each kind of weights would need: all that can be made of what is stored."""
    found = gemma_saved.shapes(entries)
    kinds: tuple[Kind, ...] = ("bf16", "int8", "int4", "fp8", "f32")
    return {kind: gemma_sizes.need(found, config, kind) for kind in kinds}


def load_model(folder: Path, *, device: str, precision: str, report: Report) -> Placed:
    """Read a checkpoint and put it on "auto", "cpu" or "cuda", packed as there is room for it.

    Packed weights are saved beside the checkpoint, and taken from there the next time. No code of
    the checkpoint is run, nothing is fetched. Raises ModelError for what the folder or this machine
    lacks, OutOfMemoryError where the model does not fit, RequestError for a precision that is none.
    """
    checkpoint = look(folder)
    entries = read_headers(checkpoint.shards)
    _check_device(device)
    plan = _plan(checkpoint, entries, device=device, wanted=precision)
    source = gemma_saved.checksum(folder / "config.json", checkpoint.shards)
    saved = gemma_saved.place(folder, plan.kind)
    packed = gemma_saved.kind_of(folder) is not None
    if plan.kind in SMALL_KINDS and not packed and gemma_saved.fresh(saved, plan.kind, source):
        checkpoint, packed = look(saved), True
        entries = read_headers(checkpoint.shards)
    placed, kept = _read(checkpoint, entries, plan, report)
    if plan.kind in SMALL_KINDS and not packed:
        note = _keep(kept, folder, plan, source)
        placed = replace(placed, note=f"{placed.note} {note}".strip())
    return placed


def _plan(
    checkpoint: Checkpoint, entries: Mapping[str, Entry], *, device: str, wanted: str
) -> Plan:
    """What to load and where. A packed folder is what it is."""
    packed = gemma_saved.kind_of(checkpoint.folder)
    if packed is not None and wanted not in ("auto", packed):
        raise ModelError(
            visible(f"{checkpoint.folder} holds weights in {packed}, not in {wanted}."),
            hint="Name the checkpoint that it was made from.",
        )
    if packed is not None:
        need = gemma_sizes.packed_need(gemma_saved.shapes(entries), checkpoint.config, packed)
        needs: dict[Kind, Need] = {packed: need}
    else:
        needs = needs_of(entries, checkpoint.config)
    if wanted == "auto" and packed is None and device != "cuda":
        stored = next(iter(entries.values())).dtype
        here = gemma_memory.machine()
        roomy = needs["f32"].total + gemma_memory.HOST_RESERVE <= here.host_free
        if stored == "F32" and roomy and not here.gpu_name:
            return Plan(kind="f32", device="cpu")
    return gemma_memory.choose(needs, machine_of(device), device=device, wanted=wanted)


def machine_of(device: str) -> Machine:
    """This machine, its GPU's free memory as torch sees it where torch is to use it."""
    here = gemma_memory.machine()
    if device == "cpu":
        return here
    import torch  # noqa: PLC0415 - heavy

    if not torch.cuda.is_available():
        return replace(here, gpu_name="", gpu_free=0, gpu=0)
    free, whole = torch.cuda.mem_get_info()
    name = torch.cuda.get_device_name()
    return replace(here, gpu_name=name, gpu_free=free, gpu=whole)


def _read(
    checkpoint: Checkpoint, entries: Mapping[str, Entry], plan: Plan, report: Report
) -> tuple[Placed, Any]:
    """Build the model and fill it."""
    import torch  # noqa: PLC0415 - heavy
    from transformers import DiffusionGemmaConfig  # noqa: PLC0415 - heavy

    from diffedit.backends import gemma_build  # noqa: PLC0415 - torch

    size, place = checkpoint.size, torch.device(plan.device)
    report("read", 0, size)
    order = gemma_build.Order(
        kind=plan.kind,
        device=place,
        offload=plan.offload,
        report=lambda done: report("read", min(done, size), size),
    )
    try:
        config = DiffusionGemmaConfig.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        model = gemma_build.empty(config)
        kept = gemma_build.fill(model, entries, order)
        report("read", size, size)
        report("place", 0, 1)
        model = model.to(place)
        if (checkpoint.folder / "generation_config.json").is_file():
            made = type(model).generation_config_class
            model.generation_config = made.from_pretrained(checkpoint.folder)
        report("place", 1, 1)
    except (
        *(OSError, ValueError, RuntimeError, KeyError),
        *(AttributeError, TypeError, MemoryError),
    ) as error:
        raise _failed(checkpoint.folder.name, plan, error) from error
    return Placed(model=model, device=place, kind=plan.kind, note=plan.note), kept


def _failed(name: str, plan: Plan, error: Exception) -> ModelError | OutOfMemoryError:
    """What a failed load means for the person who waits."""
    if gemma_memory.is_lack(error):
        return OutOfMemoryError(
            f"{name} in {plan.kind} does not fit into {plan.device}'s memory: "
            "something else has taken what was free.",
            hint="Close it, or say --option weights=int4.",
        )
    why = " ".join(str(error).split())[:200]
    return ModelError(visible(f"{name} cannot be loaded: {why}"))


def _keep(kept: Any, folder: Path, plan: Plan, source: str) -> str:
    """Save what was packed; what stands in the way is only told."""
    try:
        gemma_saved.save(kept, folder, plan.kind, source, lambda _: None)
    except OSError as error:
        return (
            f"The packed weights could not be kept in {folder} ({error.strerror}); "
            "they are packed again the next time."
        )
    return ""


def _check_device(name: str) -> None:
    """Raises ModelError where there is none such."""
    if name not in ("auto", "cpu", "cuda"):
        raise ModelError(visible(f"There is no device {name!r}."), hint="Say cpu or cuda.")
    import torch  # noqa: PLC0415 - heavy

    if name == "cuda" and not torch.cuda.is_available():
        raise ModelError("torch finds no CUDA device here.", hint="Choose the device cpu.")


__all__ = ["PRECISIONS", "Placed", "gigabytes", "load_model", "machine_of", "needs_of"]
