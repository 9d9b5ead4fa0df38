"""`diffedit bench gemma --load`: the host's memory while a checkpoint is packed, beyond the result.

Two checkpoints of random experts are written, the second twice as large, each over several shards,
and packed in a process of their own. What is held beside the result is told of both: if it is the
same, it hangs on what is read at once and not on how much there is to read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from diffedit.bench.speed import say
from diffedit.config import gemma_known
from diffedit.core.errors import ModelError

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SHARD_LAYERS = 2
"""Layers whose experts lie in one shard."""
HEADS = {
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "global_head_dim": 32,
    "num_global_key_value_heads": 1,
}
"""Attention of the released architecture in small."""
VISION = {
    **gemma_known.CONFIG["vision_config"],
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "position_embedding_size": 64,
}
"""Its eyes in small."""
Figures = dict[str, Any]


def measure(layers: int, kind: str = "int4") -> Figures:
    """Pack `layers` layers of experts, then twice as many. Raises ModelError."""
    if not STATUS.is_file():
        raise ModelError("--load reads Linux's /proc, which is not here.")
    found: Figures = {}
    for name, count in (("one", layers), ("twice", 2 * layers)):
        with tempfile.TemporaryDirectory(prefix="diffedit-load-") as scratch:
            folder = Path(scratch)
            say(f"a checkpoint of {count} layers in {folder}")
            found[name] = write(folder, count) | packed(folder, kind)
    found["twice"]["more_mb"] = found["twice"]["beside_mb"] - found["one"]["beside_mb"]
    return found


def packed(folder: Path, kind: str) -> Figures:
    """Pack it in a process of its own; what that said of its memory."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(folder), kind],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        why = done.stderr.strip().rpartition("\n")[2]
        raise ModelError(f"The checkpoint could not be packed: {why}")
    told: Figures = json.loads(done.stdout)
    return told


def config_of(layers: int, *, hidden: int = 1024, experts: int = 64) -> Figures:
    """The released architecture with so many layers, narrower: 201 MB of experts a layer."""
    text = {
        **gemma_known.CONFIG["text_config"],
        "vocab_size": 2048,
        "hidden_size": hidden,
        "intermediate_size": 256,
        "num_hidden_layers": layers,
        "layer_types": ["sliding_attention"] * (layers - 1) + ["full_attention"],
        **HEADS,
        "num_experts": experts,
        "top_k_experts": 2,
        "moe_intermediate_size": 512,
    }
    ids = {"image_token_id": 2047, "boi_token_id": 2046, "eoi_token_id": 2045}
    own = {"canvas_length": 64, "text_config": text, "vision_config": VISION}
    return {**gemma_known.CONFIG, **ids, **own}


def write(folder: Path, layers: int, **sizes: int) -> Figures:
    """A checkpoint of random bfloat16 weights, shard by shard; how large it is."""
    from safetensors.torch import save_file  # noqa: PLC0415 - heavy
    from transformers import DiffusionGemmaConfig  # noqa: PLC0415 - heavy

    from diffedit.backends import gemma_build  # noqa: PLC0415 - torch

    told = config_of(layers, **sizes)
    model = gemma_build.empty(DiffusionGemmaConfig.from_dict(told))
    weights = {id(value): (name, value) for name, value in model.state_dict(keep_vars=True).items()}
    shards: dict[int, list[tuple[str, tuple[int, ...]]]] = {}
    for name, value in weights.values():
        layer = int(name.split(".layers.")[1].split(".")[0]) if ".experts." in name else -1
        shards.setdefault(layer // SHARD_LAYERS, []).append((name, tuple(value.shape)))
    files, largest, weight_map = list[int](), 0, dict[str, str]()
    for number, shard in enumerate(shards.values(), 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        tensors = {name: _random(shape).clone() for name, shape in shard}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        largest = max(largest, *(tensor.nbytes for tensor in tensors.values()))
        files.append((folder / file).stat().st_size)
        weight_map |= dict.fromkeys(tensors, file)
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "-"}', encoding="utf-8")
    index = {"metadata": {"total_size": sum(files)}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return {
        "checkpoint_mb": _mb(sum(files)),
        "shards": len(files),
        "largest_shard_mb": _mb(max(files)),
        "largest_tensor_mb": _mb(largest),
    }


@cache
def _random(shape: tuple[int, ...]) -> Any:
    import torch  # noqa: PLC0415 - heavy

    made = torch.empty(shape, dtype=torch.bfloat16)  # the same for every layer: it is quicker
    return made.normal_(0, 0.02) if len(shape) > 1 else made.fill_(1)


def held(folder: Path, kind: str) -> Figures:
    """Load a checkpoint here; say what the result takes, and the peak of memory beside it."""
    import torch  # noqa: PLC0415 - heavy
    from transformers import DiffusionGemmaForBlockDiffusion  # noqa: PLC0415 - heavy

    from diffedit.backends import gemma_packed, gemma_weights  # noqa: PLC0415 - torch

    assert DiffusionGemmaForBlockDiffusion
    gemma_packed.pack(torch.zeros(1, 64), "int4")
    RESET.write_text("5", encoding="ascii")  # from here on the peak is counted anew
    before = _status("VmRSS")
    placed = gemma_weights.load_model(folder, device="cpu", precision=kind, report=lambda *_: None)
    peak = _status("VmHWM")
    result = sum(
        {
            tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
            for tensor in placed.model.state_dict().values()
        }.values()
    )
    return {
        "result_mb": _mb(result),
        "peak_mb": _mb(peak - before),
        "beside_mb": _mb(peak - before - result),
        "note": placed.note,
    }


def _status(name: str) -> int:
    """A line of /proc/self/status, in bytes."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def _mb(size: int) -> int:
    return round(size / 1e6)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.stdout.write(json.dumps(held(Path(sys.argv[1]), sys.argv[2])))
