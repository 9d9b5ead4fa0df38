"""What is kept of one buffer: its journal, its lock, and what is not written yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diffedit.core.history import Entry

if TYPE_CHECKING:
    from diffedit.core.journal_file import JournalFile
    from diffedit.core.lock import Lock


@dataclass(slots=True, eq=False)
class Kept:
    """What is kept of one buffer."""

    file: JournalFile | None = None
    """Its journal; None until its place is known."""
    lock: Lock | None = None
    pending: list[Entry] = field(default_factory=list)
    """What is not written yet."""
    draft: tuple[int, str, str] | None = None
    """What was typed into a draft, as it was written last."""
    due: bool = False
    """Whether a timer runs, at whose end it is written."""
    anew: bool = True
    """Whether what is written next begins the journal anew."""
