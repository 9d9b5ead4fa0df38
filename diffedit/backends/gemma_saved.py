"""Packed weights on disk: written once, read back in seconds.

A saved folder is a checkpoint of its own, its small files copied along, so it can be carried to
another machine and named as a model. `diffedit.json` says what it is and of which checkpoint.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffedit.backends.gemma_sizes import SMALL_KINDS, Kind
from diffedit.core.errors import ModelError
from diffedit.core.show import visible

if TYPE_CHECKING:
    from torch import Tensor

    from diffedit.backends.gemma_build import Kept

FORMAT, VERSION = "diffedit-weights", 1
MANIFEST = "diffedit.json"
INDEX = "model.safetensors.index.json"
SHARD = 2_000_000_000
"""Bytes of a file, at most; a larger tensor has one for itself."""
SMALL_FILES = ("*.json", "*.jinja", "tokenizer.model", "LICENSE*", "README.md")


def place(folder: Path, kind: Kind) -> Path:
    """Where a checkpoint's packed weights are kept: in its own folder."""
    return folder / f"diffedit-{kind}"


def kind_of(folder: Path) -> Kind | None:
    """The kind that a saved folder holds; None: an ordinary checkpoint. Raises ModelError."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        fits = told["format"] == FORMAT and told["version"] == VERSION
        kind: Kind = told["kind"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(visible(f"{path} cannot be read."), hint="Delete its folder.") from error
    if not fits or kind not in SMALL_KINDS:
        raise ModelError(
            visible(f"{folder} was packed by another version of diffedit."),
            hint="Delete it; it is made again from the checkpoint.",
        )
    return kind


def fresh(folder: Path, kind: Kind, source: str) -> bool:
    """Whether `folder` holds what packing that source would make again."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    wanted = {"format": FORMAT, "version": VERSION, "kind": kind, "source": source}
    return isinstance(told, dict) and {key: told.get(key) for key in wanted} == wanted


def checksum(config: Path, shards: Sequence[Path]) -> str:
    """What a checkpoint is known by: its config.json, and each shard's name and length."""
    digest = hashlib.sha256(config.read_bytes())
    for path in shards:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    return digest.hexdigest()


def save(kept: Kept, folder: Path, kind: Kind, source: str, report: Callable[[int], None]) -> None:
    """Write beside the checkpoint, whole or not at all. Raises OSError.

    One tensor at a time is brought to the host; nothing else is held.
    """
    target = place(folder, kind)
    parts = list(_parts(kept))
    room = sum(_bytes(tensor) for _, tensor in parts)
    if shutil.disk_usage(folder).free < room + RESERVE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=folder))
    try:
        _write_all(parts, scratch, report)
        for pattern in SMALL_FILES:
            for path in folder.glob(pattern):
                if path.name not in (INDEX, MANIFEST):
                    shutil.copyfile(path, scratch / path.name)
        told = {"format": FORMAT, "version": VERSION, "kind": kind, "source": source}
        (scratch / MANIFEST).write_text(json.dumps(told, indent=1), encoding="utf-8")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)
        scratch.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


RESERVE = 200_000_000
"""Bytes that stay free on the disk."""


def _parts(kept: Kept) -> Iterator[tuple[str, Tensor]]:
    """Every tensor with the name that it is saved by."""
    from diffedit.backends.gemma_build import CODES, SCALES  # noqa: PLC0415 - torch
    from diffedit.backends.gemma_packed import Packed  # noqa: PLC0415 - torch

    for name, value in kept.items():
        if isinstance(value, Packed):
            yield name + CODES, value.codes
            yield name + SCALES, value.scales
        else:
            yield name, value


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _write_all(
    parts: Sequence[tuple[str, Tensor]], folder: Path, report: Callable[[int], None]
) -> None:
    """The shards and their index."""
    shards: list[list[tuple[str, Tensor]]] = [[]]
    full = 0
    for name, tensor in parts:
        size = _bytes(tensor)
        if shards[-1] and full + size > SHARD:
            shards.append([])
            full = 0
        shards[-1].append((name, tensor))
        full += size
    weight_map: dict[str, str] = {}
    done = 0
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        done = _write(folder / file, shard, done, report)
        weight_map |= {name: file for name, _ in shard}
    index = {"metadata": {"total_size": done}, "weight_map": weight_map}
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _write(
    path: Path, shard: Sequence[tuple[str, Tensor]], done: int, report: Callable[[int], None]
) -> int:
    """One safetensors file; gives the bytes done so far."""
    import torch  # noqa: PLC0415 - heavy

    from diffedit.backends.gemma_build import DTYPES  # noqa: PLC0415 - torch

    words = {dtype: word for word, dtype in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    place = 0
    for name, tensor in shard:
        size = _bytes(tensor)
        header[name] = {
            "dtype": words[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [place, place + size],
        }
        place += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, tensor in shard:
            flat = tensor.detach().to("cpu").contiguous().flatten()
            file.write(flat.view(torch.uint8).numpy().data)
            done += _bytes(tensor)
            report(done)
        file.flush()
        os.fsync(file.fileno())
    return done


def shapes(entries: Mapping[str, Any]) -> list[tuple[str, tuple[int, ...], int]]:
    """What `gemma_sizes` counts: name, shape and width of each tensor of a checkpoint."""
    return [
        (name, entry.shape, entry.size // max(entry.count, 1)) for name, entry in entries.items()
    ]
