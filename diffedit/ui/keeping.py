"""The desk that keeps what is typed: a journal a buffer, written beside the keys, never on them.

Each change goes to the journal at most `WRITE_AFTER_S` later, on a thread of its own. The journal
is what undo goes on from in the next session, and what a crash is recovered from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from diffedit.config import paths
from diffedit.core.history import NOWHERE, Entry
from diffedit.ui.kept import Kept
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from diffedit.core.journal_file import JournalFile
    from diffedit.ui.buffers import Buffer

T = TypeVar("T")

WRITE_AFTER_S = 0.5
"""Seconds from a change to its being written. A kill may lose this much, and what it takes."""
AGAIN_AFTER_S = 10.0
"""Seconds until what could not be written is tried again."""
LONGEST = 1 << 25
"""A journal of more bytes than this is begun anew from the text as it is."""


def folder() -> Path:
    """Where journals and locks lie."""
    return paths.state_dir() / "journals"


class Keeping:
    """Writes journals."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pool: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._complained = False

    def attach(self, buffer: Buffer) -> None:
        """Keep what is done to this buffer from here on."""
        if not self._stage.settings.journal:
            return
        kept = buffer.kept = Kept()
        buffer.page.scribe = partial(self._note, buffer, kept)
        if buffer.piped:
            self._due(buffer, kept)

    def saved(self, buffer: Buffer) -> None:
        """The buffer's text stands in its file."""
        kept = buffer.kept
        if kept is None or kept.file is None or (kept.anew and not kept.pending):
            return
        if kept.anew:
            self._write(buffer, kept)
            return
        file, base, entries = kept.file, buffer.base, _taken(kept)
        kept.draft = None  # what is typed into one is written again after this

        def write() -> None:
            from diffedit.core import journal, places  # noqa: PLC0415 - on its own thread

            known = places.digested(base)
            lines = [journal.entry_line(entry) for entry in entries]
            file.add([*lines, journal.saved_line(known.digest, known.form)])

        self._submit(buffer, kept, write)

    def rebased(self, buffer: Buffer) -> None:
        """The file holds another text than this buffer ever had, or goes by another name."""
        if buffer.kept is not None:
            buffer.kept.anew = True
            self._due(buffer, buffer.kept)

    def write_now(self, buffer: Buffer) -> None:
        """Begin the journal anew without waiting."""
        kept = buffer.kept
        if kept is not None:
            if kept.file is None:
                self.place(buffer, kept)
            kept.anew = True
            self._write(buffer, kept)

    def drafted(self, buffer: Buffer) -> None:
        """Something was typed into a draft of this buffer: it is kept until that is decided on."""
        if buffer.kept is not None:
            self._due(buffer, buffer.kept)

    def let_go(self, buffer: Buffer, *, untitled: bool = False) -> None:
        """The buffer is closed or goes by another name; what is unsaved of it was given up."""
        kept, buffer.kept, buffer.page.scribe = buffer.kept, None, None
        if kept is None:
            return
        unsaved = (buffer.page.modified or kept.draft is not None) and not kept.anew

        def end() -> None:
            from diffedit.core import journal  # noqa: PLC0415 - on its own thread

            if kept.file is not None and kept.file.begun:
                if untitled:
                    kept.file.path.unlink(missing_ok=True)
                elif unsaved:
                    kept.file.add([journal.dropped_line()])
                kept.file.close()
            if kept.lock is not None:
                kept.lock.release()

        self.run(end)

    def write_all(self) -> None:
        """Write everything now, and come back when it is written: we are about to end."""
        for buffer in self._stage.buffers.all:
            kept = buffer.kept
            draft = _typed(buffer)
            if kept is None or not (kept.pending or draft or kept.draft):
                continue
            if kept.file is None:
                self.place(buffer, kept)
            self._write_with_draft(buffer, kept, draft)
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    # The thread that writes ----------------------------------------------------------------------

    def run(self, work: Callable[[], T]) -> Future[T]:
        """Do something on that thread, after all that it was given so far."""
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not for first text

            self._pool = ThreadPoolExecutor(1, "journals")
            self._loop = asyncio.get_running_loop()
        return self._pool.submit(work)

    async def ask(self, work: Callable[[], T]) -> T:
        """Do something on that thread, and wait for what comes of it."""
        return await asyncio.wrap_future(self.run(work))

    def _submit(self, buffer: Buffer, kept: Kept, work: Callable[[], None]) -> None:
        """Write. What cannot be written is said once, and later the journal is begun anew."""

        def guarded() -> None:
            try:
                work()
            except OSError as error:
                kept.anew = True
                if self._loop is not None and not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(self._failed, buffer, kept, error)

        self.run(guarded)

    def _failed(self, buffer: Buffer, kept: Kept, error: OSError) -> None:
        """Said once: who types on a full disk need not read it at every key."""
        self._due(buffer, kept, AGAIN_AFTER_S)
        if not self._complained:
            self._complained = True
            why = error.strerror or "the system refused"
            self._stage.say(f"What you type is not kept for a crash: {why}. Save soon.", "warning")

    # On the keys ---------------------------------------------------------------------------------

    def _note(self, buffer: Buffer, kept: Kept, entry: Entry) -> None:
        """A change was made: it is put down for later, and that is all."""
        kept.pending.append(entry)
        if not kept.due:
            self._due(buffer, kept)

    def _due(self, buffer: Buffer, kept: Kept, seconds: float = WRITE_AFTER_S) -> None:
        """Write in a while, though nothing more may be typed."""
        if not kept.due:
            kept.due = True
            self._stage.later(seconds, partial(self._time_is_up, buffer, kept))

    def _time_is_up(self, buffer: Buffer, kept: Kept) -> None:
        kept.due = False
        if buffer.kept is not kept:
            return
        if kept.file is None and buffer.path is None:
            self.place(buffer, kept)
        if kept.file is None:  # whether another session left something there is still looked at
            self._due(buffer, kept)
            return
        draft = _typed(buffer)
        self._write_with_draft(buffer, kept, draft)
        if draft is not None:  # it goes on, or will be decided on
            self._due(buffer, kept)

    def _write_with_draft(
        self, buffer: Buffer, kept: Kept, draft: tuple[int, str, str] | None
    ) -> None:
        """What is pending, and with it the draft that is typed into, or that it is over.

        In one piece: a draft that was taken in would stand there twice between two.
        """
        file = kept.file
        if file is not None and (kept.anew or (kept.pending and file.size > LONGEST)):
            self._write(buffer, kept)
        if file is None:
            return
        entries, told = _taken(kept), draft != kept.draft
        if not (entries or told):
            return
        kept.draft, base = draft, buffer.base
        saved = told and draft is None and not buffer.modified

        def write() -> None:
            from diffedit.core import journal, places  # noqa: PLC0415 - on its own thread

            lines = [journal.entry_line(entry) for entry in entries]
            if told:
                lines.append(journal.draft_line(draft))
            if saved:
                known = places.digested(base)
                lines.append(journal.saved_line(known.digest, known.form))
            file.add(lines)

        self._submit(buffer, kept, write)

    def place(self, buffer: Buffer, kept: Kept, path: Path | None = None) -> None:
        """Give a buffer's journal its place; without one, one where nothing lies."""
        from diffedit.core import places  # noqa: PLC0415 - not for the first text
        from diffedit.core.journal_file import JournalFile  # noqa: PLC0415

        kept.file = JournalFile(path or places.free(places.journal(folder(), buffer.path)))

    def _write(self, buffer: Buffer, kept: Kept) -> None:
        """Hand what is pending to the thread that writes."""
        file = kept.file
        assert file is not None
        if kept.anew or file.size > LONGEST:
            self._begin(buffer, kept, file)
            return
        entries = _taken(kept)

        def write() -> None:
            from diffedit.core import journal  # noqa: PLC0415 - on its own thread

            file.add(journal.entry_line(entry) for entry in entries)

        self._submit(buffer, kept, write)

    def _begin(self, buffer: Buffer, kept: Kept, file: JournalFile) -> None:
        """Start the journal anew: the history, the text in the file, what was done since."""
        from diffedit.core import journal, places  # noqa: PLC0415 - with the first change

        kept.anew, kept.draft = False, None
        _taken(kept)  # it is in the history
        steps, base, path = buffer.page.steps, buffer.base, buffer.path
        if buffer.piped:
            steps = steps._replace(saved=NOWHERE)
        text = str(buffer.page.text) if journal.leaps(steps) else ""

        def write() -> None:
            known = places.digested(base)
            file.begin(journal.opening(places.name_of(path), known, steps, text))

        self._submit(buffer, kept, write)


def _typed(buffer: Buffer) -> tuple[int, str, str] | None:
    """The draft that was typed into and is not decided on: its start, the old text, and it."""
    draft = buffer.edit.draft
    if draft is None or not draft.typed or not (draft.live or buffer.edit.links):
        return None
    from diffedit.core.line_ends import ended_alike  # noqa: PLC0415 - not before there is a draft

    page = buffer.page.text
    # A model is shown no line ends of a mixed file: in its picture they are plain.
    text = ended_alike(page, draft, draft.text) if draft.live else draft.text
    return draft.span.start, page.slice(draft.span), text


def _taken(kept: Kept) -> list[Entry]:
    """What is pending, which is then no longer."""
    entries, kept.pending = kept.pending, []
    return entries
