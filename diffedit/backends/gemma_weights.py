"""From a checkpoint folder to a model that stands ready on its device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends.gemma_folder import look
from diffedit.core.errors import ModelError, OutOfMemoryError
from diffedit.core.show import visible
from diffedit.engine.backend import Report

if TYPE_CHECKING:
    import torch

PRECISIONS = ("auto", "bf16", "f32")
"""How the weights are kept: as the checkpoint has them, or in these bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A model in eval mode, and where it is."""

    model: Any
    """A transformers DiffusionGemmaForBlockDiffusion."""
    device: torch.device
    """Where the canvas, the cache and the logits live."""
    note: str = ""
    """What a person should know, such as what an offload costs; "" if nothing."""


def load_model(folder: Path, *, device: str, precision: str, report: Report) -> Placed:
    """Read a checkpoint and put it on "auto", "cpu" or "cuda".

    No code of the checkpoint is run, nothing is fetched. Raises ModelError for what the folder
    or this machine lacks, OutOfMemoryError where the model does not fit.
    """
    checkpoint = look(folder)
    import torch  # noqa: PLC0415 - heavy
    from transformers import DiffusionGemmaForBlockDiffusion  # noqa: PLC0415 - heavy

    place = _device(device)
    kinds = {"auto": "auto", "bf16": torch.bfloat16, "f32": torch.float32}
    kind = kinds["bf16" if precision == "auto" and place.type == "cuda" else precision]
    report("read", 0, checkpoint.size)
    try:
        model = DiffusionGemmaForBlockDiffusion.from_pretrained(
            folder,
            dtype=kind,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        )
        report("read", checkpoint.size, checkpoint.size)
        report("place", 0, 1)
        model = model.eval().to(place)
        report("place", 1, 1)
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(
            f"{folder.name} does not fit into this machine: it needs "
            f"{checkpoint.size / 1e9:.1f} GB and what a step needs besides."
        ) from error
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelError(
            visible(f"{folder.name} cannot be loaded: {' '.join(str(error).split())[:200]}")
        ) from error
    return Placed(model=model, device=place)


def _device(name: str) -> torch.device:
    """The device that is meant. Raises ModelError where there is none such."""
    import torch  # noqa: PLC0415 - heavy

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        place = torch.device(name)
    except RuntimeError:
        raise ModelError(visible(f"There is no device {name!r}."), hint="Say cpu or cuda.") from (
            None
        )
    if place.type == "cuda" and not torch.cuda.is_available():
        raise ModelError("torch finds no CUDA device here.", hint="Choose the device cpu.")
    return place
