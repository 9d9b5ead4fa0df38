"""Everything a plugin may import. What is not here is not promised.

The names below keep their meaning for as long as API_VERSION stays the same; a name may be
added, none is taken away. A plugin says in plugin.toml which version it was written for.
"""

from __future__ import annotations

from typing import Protocol

from diffedit.core.draft import Piece
from diffedit.core.errors import (
    BackendError,
    DiffeditError,
    FileError,
    ModelError,
    OutOfMemoryError,
    RequestError,
    TooLongError,
)
from diffedit.core.span import Span
from diffedit.engine.backend import Abilities, Backend, Cancelled, Report
from diffedit.engine.params import DenoiseParams
from diffedit.engine.prompt import extract_code, fit_to_span
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Mode, Task

API_VERSION = 1
"""What `api` in plugin.toml must say."""


class CommandContext(Protocol):
    """The page as a command sees it. Offsets are characters of `text`."""

    @property
    def text(self) -> str:
        """The whole page."""

    @property
    def selection(self) -> Span:
        """What is selected; an empty span at the cursor when nothing is."""

    @property
    def language(self) -> str:
        """The page's language by Pygments' name, lower case; "" if unknown."""

    def replace(self, span: Span, text: str) -> None:
        """Put `text` in place of `span` and select it: one change, one undo."""

    def notify(self, message: str) -> None:
        """Tell the person something in one line."""


__all__ = [
    "API_VERSION",
    "Abilities",
    "Backend",
    "BackendError",
    "Cancelled",
    "CommandContext",
    "DenoiseParams",
    "DiffeditError",
    "Event",
    "FileError",
    "Mode",
    "ModelError",
    "OutOfMemoryError",
    "Outcome",
    "Piece",
    "Report",
    "RequestError",
    "Span",
    "Started",
    "Step",
    "Task",
    "TooLongError",
    "extract_code",
    "fit_to_span",
]
