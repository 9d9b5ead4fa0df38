"""Who opens files, as the desks beside that one see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffer


class Opener(Protocol):
    """Puts texts into buffers of their own."""

    def open(self, path: Path) -> None:
        """A file. Raises FileError."""

    def put(self, text: str) -> Buffer:
        """A text without a file."""
