"""Everything a plugin may import. What is not here is not promised.

The names below keep their meaning for as long as API_VERSION stays the same; a name may be
added, none is taken away. A plugin says in plugin.toml which version it was written for.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
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

    @property
    def path(self) -> Path | None:
        """The page's file; None for a page without one."""

    def replace(self, span: Span, text: str) -> None:
        """Put `text` in place of `span` and select it: one change, one undo."""

    def notify(self, message: str) -> None:
        """Tell the person something in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """An edit that is about to go in, as a check sees it."""

    text: str
    """The whole page as it would be."""
    before: str
    """The whole page as it is."""
    span: Span
    """Where in `text` the changes stand, from the first to the last."""
    language: str
    """The page's language by Pygments' name, lower case; "" if unknown."""
    path: Path | None
    """The page's file; None for a page without one. It holds what was saved last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a check has against an edit."""

    line: int
    """The line of `Rewrite.text`, counted from 1."""
    message: str
    """One line for the person."""


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
    "Problem",
    "Report",
    "RequestError",
    "Rewrite",
    "Span",
    "Started",
    "Step",
    "Task",
    "TooLongError",
    "extract_code",
    "fit_to_span",
]
