"""The model store: list, find, pull (with progress and checksums), add, remove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model that a person may name, and how to run it."""

    name: str
    backend: str
    """The backend that runs it; "" where none here can."""
    path: str = ""
    """What the backend is given as `model`: a file, or a remote model's name."""
    size: int = 0
    """Bytes on disk, or to fetch; 0 where there is no file."""
    installed: bool = True
    summary: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    """Free words for the backend, from `[models.NAME]` in settings.toml."""
