"""What is remembered of a GGUF file that was looked at: its kind, and the memory it takes.

Kept beside the model store by the file's name, size and time: another content is another file.
Read by who lists models, without llama.cpp and without NumPy.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
from dataclasses import asdict, dataclass
from pathlib import Path

CONTEXT = 4096
"""Tokens of prompt and answer, where the file was trained for as many and nobody asks for less."""
UNKNOWN = "unknown"
ROOM_FOR_ROWS = 2048
"""Tokens of the cache for the candidates, beside the context of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a look at a file told."""

    architecture: str
    kind: str
    """causal, mask, or UNKNOWN where llama.cpp did not know the architecture."""
    memory: int
    """Bytes that it takes with the usual context: weights, cache and scores."""

    @property
    def told(self) -> str:
        """For people, in a few words."""
        if self.kind == UNKNOWN:
            return f"{self.architecture}, which this llama.cpp does not know"
        kind = "diffusion" if self.kind == "mask" else "left to right"
        return f"{self.architecture}, {kind}; takes {self.memory / 1e9:.1f} GB of memory"


def sound(folder: Path | None, path: Path) -> bool:
    """Whether every weight of the file has been looked at."""
    facts = None if folder is None else read(folder, path)
    return facts is not None and facts.kind != UNKNOWN


def installed() -> bool:
    """Whether llama-cpp-python is there; nothing is imported for it."""
    return importlib.util.find_spec("llama_cpp") is not None


def mark(path: Path) -> str:
    """A name for this very content. Raises OSError."""
    told = path.stat()
    return f"{path.stem}-{told.st_size:x}-{told.st_mtime_ns:x}"


def read(folder: Path, path: Path) -> Facts | None:
    """What is known of the file; None if it has not been looked at."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Facts(**json.loads((folder / f"{mark(path)}.json").read_text(encoding="utf-8")))
    return None


def write(folder: Path, path: Path, facts: Facts) -> None:
    """Remember it. A folder that cannot be written costs a second look, nothing more."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        place = folder / f"{mark(path)}.json"
        part = place.with_suffix(".part")
        part.write_text(json.dumps(asdict(facts)), encoding="utf-8")
        part.replace(place)
