"""What earlier sessions left behind: history to go on from, and texts that were never saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from diffedit.core import journal_file, lock, places
from diffedit.core.files import Base
from diffedit.core.history import Steps
from diffedit.core.journal import Story
from diffedit.core.lock import Holder, Lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A text that was never saved."""

    journal: Path
    """What it is told by; to be deleted when the text is safe or unwanted."""
    path: str
    """The file that it belongs to; "" for none."""
    when: float
    """The last that was heard of it, in seconds since the epoch."""
    base: str
    """The text that it began from."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What there is for a file that is being opened."""

    journal: Path
    """Where the new session may write."""
    lock: Lock | None = None
    holder: Holder | None = None
    """Who else has the file open; then there is no lock."""
    history: Steps | None = None
    lost: tuple[Lost, ...] = ()


def look(folder: Path, path: Path, base: Base) -> Found:
    """Claim a file and read what was left behind for it. `base` is the file as it is.

    Journals with unsaved text are put aside under names of their own, so that the new session
    cannot write over them. Raises OSError where the folder cannot be used.
    """
    claim = lock.take(places.lock(folder, path))
    holder = claim if isinstance(claim, Holder) else lock.others(path)
    own = places.journal(folder, path)
    history: Steps | None = None
    mark = places.mark_of(path)
    known = places.digested(base)
    lost = _aside(folder, f"{mark}-*.lost", known)
    for file in sorted(folder.glob(f"{mark}-*.journal")):
        story = _story(file)
        if story is None:
            continue
        left = _lost(file, story, known)
        if left is not None:
            lost.append(left)
        elif file == own and story.digest == known.digest and story.form == known.form:
            history = story.history
    lost.sort(key=lambda found: found.when)
    return Found(
        journal=places.free(own) if isinstance(claim, Holder) else own,
        lock=claim if isinstance(claim, Lock) else None,
        holder=holder,
        history=history,
        lost=tuple(lost),
    )


def orphans(folder: Path) -> tuple[Lost, ...]:
    """Texts without a file, or of files that are not open, which nobody has saved."""
    found = _aside(folder, "*.lost", None)
    for file in sorted(folder.glob("*.journal")):
        if not journal_file.ends_saved(file) and (story := _story(file)) is not None:
            left = _lost(file, story, None)
            found += [left] if left is not None else []
    return tuple(found)


def _story(file: Path) -> Story | None:
    """What a journal tells, unless someone is writing it."""
    try:
        if not lock.held_by_none(file):
            return None
    except OSError:
        return None
    return journal_file.read(file)


def _lost(file: Path, story: Story, now: Base | None) -> Lost | None:
    """The unsaved text of a journal, which is then put aside."""
    saved = story.saved_text(now)
    text = story.unsaved_text(saved) if saved is not None else None
    if saved is None or text is None or (now is not None and text == now.text):
        return None
    when = file.stat().st_mtime
    aside = file if file.suffix == ".lost" else journal_file.put_aside(file)
    return Lost(journal=aside, path=story.path, when=when, base=saved, text=text)


def _aside(folder: Path, pattern: str, now: Base | None) -> list[Lost]:
    """What was put aside by an earlier session and never asked for."""
    found: list[Lost] = []
    for file in sorted(folder.glob(pattern)):
        story = _story(file)
        left = _lost(file, story, now) if story is not None else None
        if left is not None:
            found.append(left)
    return found
