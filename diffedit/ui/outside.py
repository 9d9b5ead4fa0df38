"""The desk for what others do to the files that are open: noticed, shown, never written over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffedit.core import files
from diffedit.core.errors import FileError
from diffedit.core.files import Base, Opened
from diffedit.ui.dialogs import Ask, Choice
from diffedit.ui.keeping import Keeping
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffer

MERGE, MINE, THEIRS, LATER = "merge", "mine", "theirs", "later"


class Outside:
    """Compares the files with what was read from them, and asks about what differs."""

    def __init__(self, stage: Stage, keeping: Keeping) -> None:
        self._stage = stage
        self._keeping = keeping
        self._looking = False

    async def look(self) -> None:
        """The terminal has the focus again, or another buffer is shown: has anything changed?"""
        if self._looking:
            return
        self._looking = True
        try:
            for buffer in tuple(self._stage.buffers.all):
                if self._stage.quiet and buffer.changed_outside:
                    await self._noticed(buffer)
        finally:
            self._looking = False

    async def _noticed(self, buffer: Buffer) -> None:
        """A file changed while nobody saves: an unmodified text follows it, any other is asked."""
        theirs = self._read(buffer)
        if theirs is None or self._only_touched(buffer, theirs):
            return
        if not buffer.modified and not buffer.live and buffer.review is None:
            self._take(buffer, theirs)
            said = (
                f"{buffer.name} was changed by someone else: read again (undo brings yours back)."
            )
            self._stage.say(said, "warning")
            self._stage.window.saw("reloaded")
        else:
            await self._decide(buffer, theirs, "keep yours for now")

    def _read(self, buffer: Buffer) -> Opened | None:
        """The file as it is; None where that is gone, which is said once."""
        assert buffer.path is not None
        try:
            return files.read(buffer.path)
        except FileError:
            if buffer.stamp is not None:
                self._stage.say(
                    f"{buffer.name} was deleted or moved; yours is still here.", "warning"
                )
                buffer.stamp = None
                buffer.page.mark_unsaved()
                self._stage.window.refresh_lines()
            return None

    def _only_touched(self, buffer: Buffer, theirs: Opened) -> bool:
        """Whether the file says what it said, under another date."""
        same = theirs.text == buffer.base.text and theirs.form == buffer.base.form
        if same:
            buffer.stamp, buffer.writable = theirs.stamp, theirs.writable
        return same

    async def may_save(self, buffer: Buffer) -> bool:
        """Whether the file is still the one that was read, or may be replaced all the same."""
        if not buffer.changed_outside:
            return True
        assert buffer.path is not None
        if files.stamp(buffer.path) is None:
            choices = (Choice("o", "write it again", MINE), Choice("n", "not now", LATER))
            question = f"{buffer.name} was deleted since you opened it."
            return await self._stage.ask(Ask(question, choices)) == MINE
        try:
            theirs = files.read(buffer.path)
        except FileError:
            return True  # saving says better what is wrong with it
        if self._only_touched(buffer, theirs):
            return True
        return await self._decide(buffer, theirs, "overwrite with yours")

    async def _decide(self, buffer: Buffer, theirs: Opened, mine: str) -> bool:
        """Ask what becomes of two texts; whether the page now holds what may be saved."""
        self._show(buffer)
        choices = (
            Choice("v", "see both and merge", MERGE),
            Choice("o", mine, MINE),
            Choice("r", "take theirs (undo brings yours back)", THEIRS),
            Choice("n", "not now", LATER),
        )
        question = f"{buffer.name} was changed by someone else since you opened it."
        answer = await self._stage.ask(Ask(question, choices))
        if answer == MERGE:
            return await self._merge(buffer, theirs)
        if answer == THEIRS:
            self._take(buffer, theirs)
        elif answer == MINE:
            self._stand_on(buffer, theirs)
        return answer == MINE

    async def _merge(self, buffer: Buffer, theirs: Opened) -> bool:
        """Show the three texts; what was put together comes on the page, as one change."""
        from diffedit.core.merge import merge  # noqa: PLC0415 - seldom needed
        from diffedit.ui.compare import Compare, Words  # noqa: PLC0415

        mine = str(buffer.page.text)
        parts = await self._keeping.ask(partial(merge, buffer.base.text, mine, theirs.text))
        words = Words(
            title=f"{buffer.name}: yours, and what is on disk",
            take="merge",
            others=(Choice("esc", "not now", LATER),),
        )
        verdict = await self._stage.ask(Compare(parts, words, self._stage.window.look))
        if verdict.answer != "take":
            return False
        buffer.replace_text(verdict.text)
        self._stand_on(buffer, theirs)
        self._stage.window.saw("merged")
        return True

    def _take(self, buffer: Buffer, theirs: Opened) -> None:
        """Their text on the page, as one change that can be undone."""
        buffer.replace_text(theirs.text)
        buffer.form = theirs.form
        self._stand_on(buffer, theirs)

    def _stand_on(self, buffer: Buffer, theirs: Opened) -> None:
        """From here on the file is what it is, whatever the page says."""
        buffer.base = Base(text=theirs.text, form=theirs.form)
        buffer.stamp, buffer.writable = theirs.stamp, theirs.writable
        if str(buffer.page.text) == theirs.text:
            buffer.page.mark_saved()
            self._keeping.saved(buffer)
        else:
            buffer.page.mark_unsaved()
            self._keeping.rebased(buffer)
        self._stage.window.refresh_lines()

    def _show(self, buffer: Buffer) -> None:
        """Put a buffer on the screen, so that one sees what is asked about."""
        buffers = self._stage.buffers
        if buffers.current is not buffer:
            buffers.at = buffers.all.index(buffer)
            self._stage.window.show_buffer()
