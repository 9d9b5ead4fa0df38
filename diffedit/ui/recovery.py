"""The desk for what earlier sessions left behind: undo goes on, and lost texts are offered."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.config import paths
from diffedit.core.errors import FileError
from diffedit.ui import rescue
from diffedit.ui.dialogs import Ask, Choice
from diffedit.ui.keeping import Keeping, folder
from diffedit.ui.opener import Opener
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.core.left_behind import Found, Lost
    from diffedit.core.lock import Holder
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.kept import Kept

OLDEST_S = 90 * 24 * 3600
"""Journals of saved texts are kept this long, in seconds,"""
MOST = 500
"""and no more of them than this."""


class Recovery:
    """Looks what there is for a buffer, and asks what to do about it."""

    def __init__(self, stage: Stage, keeping: Keeping, opener: Opener) -> None:
        self._stage = stage
        self._keeping = keeping
        self._opener = opener

    async def look_back(self, buffer: Buffer) -> None:
        """Claim a buffer's file; bring its history back, or ask about what was never saved."""
        kept, path, base = buffer.kept, buffer.path, buffer.base
        if path is None:
            return
        if kept is None:
            self._tell_of_copy(buffer, path)
            return
        from diffedit.core import left_behind  # noqa: PLC0415 - after the first text is seen

        try:
            found = await self._keeping.ask(partial(left_behind.look, folder(), path, base))
        except (OSError, FileError) as error:
            self._keeping.place(buffer, kept)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            self._stage.say(f"No journal can be kept of {buffer.name}: {reason}.", "warning")
            return
        if buffer.kept is not kept:  # closed meanwhile, or saved under another name
            if found.lock is not None:
                found.lock.release()
            return
        kept.lock = found.lock
        if found.history is not None and buffer.base is base:
            buffer.page.recall(found.history)
        self._keeping.place(buffer, kept, found.journal)
        self._stage.window.saw("looked back")
        await self._ask(buffer, path, found)

    async def _ask(self, buffer: Buffer, path: Path, found: Found) -> None:
        """What a person must be asked about."""
        if found.holder is not None:
            await self._shared(buffer, found.holder)
        if not found.lost:
            self._tell_of_copy(buffer, path)
        for lost in reversed(found.lost):
            if not await self._offer(buffer, lost):
                return
        if found.lost:
            rescue.drop(paths.state_dir(), path)

    def _tell_of_copy(self, buffer: Buffer, path: Path) -> None:
        """A rescue copy is for people: it is told of where there is no journal to the same end."""
        copy = rescue.find(paths.state_dir(), path)
        if copy is not None:
            said = f"A rescue copy of {buffer.name} from {copy.when} is at {copy.path}"
            self._stage.say(said, "warning")

    async def _shared(self, buffer: Buffer, holder: Holder) -> None:
        """Someone else has the file open."""
        self._show(buffer)
        detail = "Who saves last writes over what the other one saved."
        choices = [
            Choice("e", "edit all the same", "edit"),
            Choice("r", "only look at it", "look"),
        ]
        if not holder.here and holder.program == "diffedit":
            detail += " Whether it still runs cannot be seen from here."
            choices.insert(0, Choice("t", "it is gone: take it over", "over"))
        question = f"{buffer.name} is open in {holder}."
        answer = await self._stage.ask(Ask(question, choices, detail=detail))
        if answer == "look":
            buffer.locked = True
            self._stage.window.show_buffer()
        elif answer == "over" and buffer.kept is not None and buffer.path is not None:
            await self._take_over(buffer.kept, buffer.path)

    async def _take_over(self, kept: Kept, path: Path) -> None:
        """Put our name on a lock that was left behind on another machine, so that none warns."""
        from diffedit.core import lock, places  # noqa: PLC0415 - seldom needed

        claim = await self._keeping.ask(partial(lock.take, places.lock(folder(), path), over=True))
        if isinstance(claim, lock.Lock):
            kept.lock = claim
            self._stage.window.saw("taken over")

    async def _offer(self, buffer: Buffer, lost: Lost) -> bool:
        """Show a text that was never saved; False to be asked about the others another time."""
        from diffedit.core.merge import merge  # noqa: PLC0415 - seldom needed
        from diffedit.ui.compare import Compare, Words  # noqa: PLC0415

        self._show(buffer)
        now = str(buffer.page.text)
        parts = await self._keeping.ask(partial(merge, lost.base, lost.text, now))
        words = Words(
            title=f"Unsaved text of {buffer.name} from {_when(lost.when)}",
            mine="the unsaved text",
            theirs="the file",
            take="bring it back",
            others=(Choice("d", "delete it", "drop"), Choice("esc", "not now", "later")),
        )
        verdict = await self._stage.ask(Compare(parts, words, self._stage.window.look))
        if verdict.answer == "take":
            buffer.replace_text(verdict.text)
            self._forget_when_kept(buffer, lost)
            self._stage.window.saw("recovered")
        elif verdict.answer == "drop":
            self._keeping.run(partial(lost.journal.unlink, missing_ok=True))
        return verdict.answer != "later"

    def _forget_when_kept(self, buffer: Buffer, lost: Lost) -> None:
        """Delete the old journal, once the text is in a new one."""
        kept = buffer.kept
        if kept is None:
            return
        self._keeping.write_now(buffer)

        def forget() -> None:
            if kept.file is not None and kept.file.begun and not kept.anew:
                lost.journal.unlink(missing_ok=True)

        self._keeping.run(forget)

    def _show(self, buffer: Buffer) -> None:
        """Put a buffer on the screen, so that one sees what is spoken of."""
        buffers = self._stage.buffers
        if buffer in buffers.all and buffers.current is not buffer:
            buffers.at = buffers.all.index(buffer)
            self._stage.window.show_buffer()

    # Texts without a file ------------------------------------------------------------------------

    async def look_around(self) -> None:
        """Say what lies unsaved elsewhere, and tidy up."""
        from diffedit.core import journal_file, left_behind  # noqa: PLC0415

        if not folder().is_dir():
            return
        lost = await self._keeping.ask(partial(left_behind.orphans, folder()))
        open_here = {
            str(buffer.path.resolve()) for buffer in self._stage.buffers.all if buffer.path
        }
        others = [one for one in lost if one.path not in open_here]
        if others:
            texts = "text was" if len(others) == 1 else "texts were"
            self._stage.say(
                f"{len(others)} {texts} never saved: see 'Bring back unsaved texts' (ctrl+p).",
                "warning",
            )
        tidy = partial(journal_file.tidy, folder(), older_than=time.time() - OLDEST_S, most=MOST)
        self._keeping.run(tidy)

    async def bring_back(self) -> None:
        """Open every text that was never saved: files with the question, others as new texts."""
        from diffedit.core import left_behind  # noqa: PLC0415

        lost = await self._keeping.ask(partial(left_behind.orphans, folder()))
        if not lost:
            self._stage.say("Every text was saved.")
            return
        for one in lost:
            if one.path:
                self._opener.open(Path(one.path))
            else:
                self._forget_when_kept(self._opener.put(one.text), one)
        self._stage.window.show_buffer()
        self._stage.window.saw("brought back")


def _when(seconds: float) -> str:
    """A moment as people say it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
