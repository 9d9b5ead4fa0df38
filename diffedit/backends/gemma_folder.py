"""A DiffusionGemma checkpoint as it lies on disk, looked at before anything heavy is imported.

Also what must be installed to run one. Standard library only, so that the wrong folder, a missing
shard or a missing package is told in a moment, and not after a minute of loading.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffedit.core.errors import ModelError
from diffedit.core.show import visible

MODEL_TYPE = "diffusion_gemma"
NEEDS = {"torch": (2, 13), "transformers": (5, 24), "pillow": (10, 0), "huggingface_hub": (2, 4)}
"""Each package and the oldest version that will do: the oldest that the tests have run with."""
INSTALL = "pip install {}".format(
    " ".join(f"'{name}>={major}.{minor}'" for name, (major, minor) in NEEDS.items())
)
SHARDS = "model.safetensors.index.json"
_HEADER = 8
"""Bytes that a safetensors file begins with: the length of its header, little-endian."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What the small files of a checkpoint say."""

    folder: Path
    config: dict[str, Any]
    shards: tuple[Path, ...]
    size: int
    """Of all shards, in bytes."""

    @property
    def vision(self) -> bool:
        """Whether pictures can be prepared for it."""
        return (self.folder / "preprocessor_config.json").is_file() or (
            self.folder / "processor_config.json"
        ).is_file()


def check_packages() -> None:
    """Raises ModelError with the line to install, where a package is missing or too old."""
    from importlib import metadata  # noqa: PLC0415 - slow, and a list of models needs none of it

    for name, least in NEEDS.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            raise ModelError(
                f"DiffusionGemma needs {name}, which is not installed.", hint=f"Run: {INSTALL}"
            ) from None
        if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < least:
            raise ModelError(
                f"DiffusionGemma needs {name} {least[0]}.{least[1]} or newer; "
                f"{visible(version)} is installed.",
                hint=f"Run: {INSTALL}",
            )


def broken(error: Exception) -> ModelError:
    """A package that is there but cannot be imported, with the line to install it again."""
    why = visible(" ".join(str(error).split())[:160])
    return ModelError(
        f"torch or transformers is installed but does not start: {why}.",
        hint=f"Run: {INSTALL} --force-reinstall",
    )


def look(folder: Path) -> Checkpoint:
    """The checkpoint in a folder. Raises ModelError, in one line, for what it is not or lacks."""
    if not folder.is_dir():
        raise ModelError(visible(f"{folder} is not a folder with a checkpoint."))
    config = _config(folder)
    kind = config.get("model_type")
    if kind != MODEL_TYPE:
        what = f"a {kind} model" if isinstance(kind, str) else "no model that says its type"
        raise ModelError(
            visible(f"{folder} holds {what}; this backend runs {MODEL_TYPE}."),
            hint="A GGUF file of it may do: see `diffedit models add`.",
        )
    shards = _shards(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if not (folder / name).is_file():
            raise ModelError(visible(f"{folder} has no {name}."), hint="Fetch it again.")
    if not _has_template(folder):
        raise ModelError(
            visible(f"{folder} has no chat template (chat_template.jinja)."),
            hint="Only an instruction-tuned checkpoint (-it) can be asked; fetch its folder again.",
        )
    return Checkpoint(
        folder=folder,
        config=config,
        shards=shards,
        size=sum(path.stat().st_size for path in shards),
    )


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder looks like a checkpoint of this architecture."""
    try:
        return folder.is_dir() and _config(folder).get("model_type") == MODEL_TYPE
    except ModelError:
        return False


def _config(folder: Path) -> dict[str, Any]:
    return _json(folder / "config.json", "It is no checkpoint folder then.")


def _json(path: Path, hint: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(visible(f"{path.parent} has no {path.name}."), hint=hint) from None
    except (OSError, ValueError) as error:
        raise ModelError(visible(f"{path} cannot be read: {error}."), hint="Fetch it again.") from (
            error
        )
    if not isinstance(found, dict):
        raise ModelError(visible(f"{path} is not a JSON object."), hint="Fetch it again.")
    return found


def _shards(folder: Path) -> tuple[Path, ...]:
    """All weight files, each whole. Raises ModelError naming the one that is not."""
    index = folder / SHARDS
    if index.is_file():
        names = _json(index, "").get("weight_map", {})
        files = sorted({str(name) for name in names.values()}) if isinstance(names, dict) else []
    else:
        files = ["model.safetensors"]
    missing = [name for name in files if not (folder / name).is_file()]
    if missing or not files:
        lack = missing[0] if missing else "model.safetensors"
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ModelError(
            visible(f"{folder} lacks the weights {lack}{more} (of {len(files)})."),
            hint="Fetch it again; what is there already is kept.",
        )
    paths = tuple(folder / name for name in files)
    for path in paths:
        _check_whole(path)
    return paths


def _check_whole(path: Path) -> None:
    """A shard must be as long as its own header says. Raises ModelError."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_HEADER), "little")
            header = json.loads(file.read(length)) if length < size else {}
        wanted = (
            _HEADER
            + length
            + max(
                (
                    entry["data_offsets"][1]
                    for name, entry in header.items()
                    if name != "__metadata__"
                ),
                default=0,
            )
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        wanted = size + 1
    if not header or wanted != size:
        raise ModelError(
            visible(f"{path} is damaged or was cut short ({size:,} bytes)."),
            hint="Delete it and fetch it again.",
        )


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    return bool(_json(folder / "tokenizer_config.json", "").get("chat_template"))
