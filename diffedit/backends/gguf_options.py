"""The options of a GGUF model: words from a person, each refused by name where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast

from diffedit.core.errors import RequestError
from diffedit.core.show import visible
from diffedit.engine.transfer import Schedule

Flash = Literal["auto", "on", "off"]
KINDS = {"q4_0": 2, "q4_k_m": 15, "q8_0": 7, "f16": 1, "f32": 0}
"""What a file can be re-quantized to, with llama.cpp's numbers of the file types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may set for one model, by these names."""

    context: int = 0
    """Tokens of prompt and answer together; 0: what the model was trained with, at most 4096."""
    threads: int = 0
    """0: physical cores less one."""
    gpu_layers: int | None = None
    """How many layers go to the GPU; None ("auto"): as many as fit."""
    flash: Flash = "on"
    """Flash attention. On, a token has the same scores alone and in a canvas, so that parallel
    refinement gives the text that decoding token by token would give."""
    lora: tuple[Path, ...] = ()
    """GGUF adapters, separated by commas."""
    lora_scale: float = 1.0
    adapter: str = ""
    """One that `diffedit tune` made, or "none". Unless given, the model in the box has the one that
    ships with it, for rewrites."""
    schedule: Schedule | None = None
    """Of a diffusion model; None ("auto"): the family's own."""
    block: int = 32
    steps: int = 0
    """Of a diffusion model, for a canvas; 0: one for two slots."""
    requantize: str = ""
    """"q4_0", "q4_k_m", "q8_0", "f16" or "f32": written once from the file and kept. Larger weights
    make a token alone slower and a canvas hardly: a slot of a pass costs a CPU the same in all."""
    keep: Path | None = None
    """A folder for what is made once: checks that were passed, re-quantized files."""


def _whole(least: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        if not word.isascii() or not word.isdigit() or int(word) < least:
            raise ValueError(f"a whole number from {least} up")
        return int(word)

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(word: str) -> str:
        if word not in words:
            raise ValueError(" or ".join(words))
        return word

    return read


def _layers(word: str) -> int | None:
    return None if word == "auto" else _whole(0)(word)


def _schedule(word: str) -> Schedule | None:
    found = _one_of("auto", "timestep", "block")(word)
    return None if found == "auto" else cast("Schedule", found)


def _scale(word: str) -> float:
    try:
        scale = float(word)
    except ValueError as error:
        raise ValueError("a number") from error
    if not -100 <= scale <= 100:
        raise ValueError("a number from -100 to 100")
    return scale


def _paths(word: str) -> tuple[Path, ...]:
    found = tuple(Path(part.strip()).expanduser() for part in word.split(",") if part.strip())
    for path in found:
        if not path.is_file():
            raise ValueError(f"a GGUF adapter; {path} is not a file")
    return found


READERS: Mapping[str, Callable[[str], Any]] = {
    "context": _whole(128),
    "threads": _whole(1),
    "gpu_layers": _layers,
    "flash": _one_of("auto", "on", "off"),
    "lora": _paths,
    "lora_scale": _scale,
    "adapter": str,
    "schedule": _schedule,
    "block": _whole(1),
    "steps": _whole(1),
    "requantize": _one_of(*KINDS),
    "keep": Path,
}


def options_of(words: Mapping[str, str]) -> Options:
    """The words as options. Raises RequestError, naming the one that is wrong."""
    found: dict[str, Any] = {}
    for name, word in words.items():
        if name not in READERS:
            raise RequestError(
                visible(f"The gguf backend has no option '{name}'."),
                hint=f"It has: {', '.join(field.name for field in fields(Options))}.",
            )
        try:
            found[name] = READERS[name](word)
        except ValueError as error:
            raise RequestError(
                visible(f"The gguf backend's option {name} is {error}, not '{word}'.")
            ) from error
    return Options(**found)
