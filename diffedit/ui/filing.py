"""The desk for files: open, save, close, and never lose a text without having asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.config import paths
from diffedit.core import files
from diffedit.core.document import Document
from diffedit.core.editorconfig import Rules, rules
from diffedit.core.errors import DiffeditError, FileError, ForbiddenError
from diffedit.core.files import Base
from diffedit.core.filespec import FileSpec
from diffedit.core.span import Selection, Span
from diffedit.ui import file_desks, rescue
from diffedit.ui.buffers import Buffer
from diffedit.ui.dialogs import Ask, Choice, Line, PathSuggester
from diffedit.ui.keeping import Keeping
from diffedit.ui.lexing import language_of
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.ui.dressing import Dressing
    from diffedit.ui.finding import Finding
    from diffedit.ui.forbidden import Forbidden
    from diffedit.ui.forms import Forms
    from diffedit.ui.outside import Outside
    from diffedit.ui.recovery import Recovery
    from diffedit.worker.session import Session

LARGE = 10_000_000
"""Bytes from which a file is said to be large."""
ELSEWHERE, NOT_NOW = "elsewhere", "not now"
SAVE, DISCARD, STAY = "save", "discard", "stay"


class Filing:
    """Opens, saves and closes buffers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._settled = False
        self.keeping = Keeping(stage)

    # The desks beside this one, made when they are needed: the first text needs none of them.

    @cached_property
    def outside(self) -> Outside:
        """For what others do to the files."""
        return file_desks.outside(self._stage, self.keeping)

    @cached_property
    def recovery(self) -> Recovery:
        """For what earlier sessions left behind."""
        return file_desks.recovery(self._stage, self.keeping, self)

    @cached_property
    def forbidden(self) -> Forbidden:
        """For files that may not be written."""
        return file_desks.forbidden(self._stage)

    @cached_property
    def finding(self) -> Finding:
        """For finding files."""
        return file_desks.finding(self._stage, self.keeping, self)

    @cached_property
    def forms(self) -> Forms:
        """For encodings and line ends."""
        return file_desks.forms(self._stage, self.keeping)

    @cached_property
    def dressing(self) -> Dressing:
        """For the theme's files."""
        return file_desks.dressing(self._stage)

    # Open --------------------------------------------------------------------------------------

    def open_all(self, specs: Sequence[FileSpec], stdin_text: str | None) -> None:
        """What the command line named; an untitled buffer if it named nothing that opens."""
        buffers = self._stage.buffers
        if stdin_text is not None:
            self.put(stdin_text)
        for spec in specs:
            try:
                self.open(spec.path, spec.row, spec.column)
            except FileError as error:
                self._stage.say(str(error), "error")
        if not buffers.all:
            self.new()
        buffers.at = 0
        self._stage.window.show_buffer()

    def open(self, path: Path, row: int | None = None, column: int | None = None) -> None:
        """A file in a buffer of its own, or its buffer if it is open. Raises FileError."""
        stage = self._stage
        number = stage.buffers.find(path)
        if number is not None:
            stage.buffers.at = number
        else:
            self._add(self._read(path))
        page = stage.buffers.current.page
        if row is not None:
            self._stand_at(page, row, column or 0)

    async def ask_open(self) -> None:
        """Ctrl+o: type a path."""
        typed = await self._stage.ask(Line("Open which file?", suggester=PathSuggester()))
        if typed:
            self._open_typed(typed)

    def _open_typed(self, typed: str) -> None:
        self.open(_path(typed))
        self._stage.window.show_buffer()

    def new(self) -> None:
        """An empty text without a file."""
        self.put("")

    def put(self, text: str) -> Buffer:
        """A text without a file: empty, or one that is on no disk yet."""
        buffer = self._buffer(text)
        buffer.piped = bool(text)
        self._add(buffer)
        self._stage.window.show_buffer()
        return buffer

    def _read(self, path: Path) -> Buffer:
        """A file that is there, or the promise of one that is not yet."""
        if not path.exists() and not path.is_symlink():
            buffer = self._buffer("", path)
            buffer.form = buffer.rules.form
            buffer.base = Base(form=buffer.form)
            return buffer
        opened = files.read(path)
        if not opened.writable:
            self._stage.say(f"{path.name} is read-only; a save asks what to do.", "warning")
        buffer = self._buffer(opened.text, path)
        buffer.form, buffer.stamp, buffer.writable = opened.form, opened.stamp, opened.writable
        buffer.base = Base(text=opened.text, form=opened.form)
        if opened.stamp.size > LARGE:
            size = f"{path.name} has {opened.stamp.size / 1e6:,.0f} MB"
            self._stage.say(f"{size}: opening, searching and saving take a while.", "warning")
        return buffer

    def _buffer(self, text: str, path: Path | None = None) -> Buffer:
        page = Document(text)
        language = language_of(path.name, text) if path and self._settled else ""
        asked = rules(path) if path is not None else Rules()
        return Buffer(
            page=page,
            connect=lambda: self._session(page),
            path=path,
            language=language,
            rules=asked,
        )

    def settle(self) -> None:
        """The first text is seen: find out what need not be known before, and from now on at once.

        That is the language of each text, and what earlier sessions left behind.
        """
        self._settled = True
        for buffer in self._stage.buffers.all:
            if buffer.path is not None:
                buffer.language = language_of(buffer.path.name, str(buffer.page.text))
            self._know(buffer)
        self._stage.window.show_language()
        self._stage.start(self.recovery.look_around())
        self.dressing.look()

    async def look_around(self) -> None:
        """The terminal has the focus again: who knows what was done meanwhile."""
        self.dressing.look()
        await self.outside.look()

    def _know(self, buffer: Buffer) -> None:
        """What there is of it from before; and that it was opened."""
        self._stage.start(self.recovery.look_back(buffer))
        if buffer.path is not None and buffer.stamp is not None:
            self.finding.note(buffer.path)

    def _session(self, page: Document) -> Session:
        from diffedit.worker.session import Session  # noqa: PLC0415 - after the first text is seen

        return Session(page, self._stage.client)

    def _add(self, buffer: Buffer) -> None:
        self._stage.buffers.add(buffer)
        self.keeping.attach(buffer)
        if self._settled:
            self._know(buffer)

    # Save --------------------------------------------------------------------------------------

    async def save(self, buffer: Buffer | None = None) -> bool:
        """Write a buffer; asks for a name, or what to do about a file that changed meanwhile."""
        buffer = buffer or self._stage.buffers.current
        if buffer.path is None:
            return await self.save_as(buffer)
        if not await self.outside.may_save(buffer):
            return False
        return await self._write(buffer, buffer.path) is not None

    async def save_as(self, buffer: Buffer | None = None) -> bool:
        """Write a buffer under a name that is asked for; the buffer goes by it from then on."""
        buffer = buffer or self._stage.buffers.current
        here = str(buffer.path or "")
        line = Line("Save as", here, suggester=PathSuggester(), check=_no_file)
        typed = await self._stage.ask(line)
        if not typed:
            return False
        path = _path(typed)
        if path != buffer.path and files.stamp(path) and not await self._may_replace(path):
            return False
        written = await self._write(buffer, path)
        if written == path and path != buffer.path:
            self._rename(buffer, path)
        return written is not None

    def _rename(self, buffer: Buffer, path: Path) -> None:
        """The buffer goes by another name: its journal too."""
        self.keeping.let_go(buffer, untitled=buffer.path is None)
        buffer.path, buffer.rules = path, rules(path)
        buffer.language = language_of(path.name, str(buffer.page.text))
        self.keeping.attach(buffer)
        self.keeping.rebased(buffer)
        self._know(buffer)
        self._stage.window.show_buffer()

    async def _may_replace(self, path: Path) -> bool:
        """Whether a file that is there may be written over."""
        choices = (Choice("y", "replace it", "y"), Choice("n", "leave it", "n"))
        return await self._stage.ask(Ask(f"{path.name} exists. Replace it?", choices)) == "y"

    async def _write(self, buffer: Buffer, path: Path) -> Path | None:
        """To disk; where to. What goes wrong is said, and the text stays as it is."""
        self._stage.hooks.saving(buffer)
        text = str(buffer.page.text)
        try:
            try:
                buffer.stamp = files.write(path, text, buffer.form)
            except ForbiddenError as error:
                how = await self.forbidden.ask(path, error)
                if how == ELSEWHERE:
                    return buffer.path if await self.save_as(buffer) else None
                if how == NOT_NOW:
                    return None
                buffer.stamp = self.forbidden.write(path, text, buffer.form, how)
        except FileError as error:
            self._stage.say(str(error), "error")
            return None
        buffer.page.mark_saved()
        buffer.base = Base(text=text, form=buffer.form)
        buffer.writable, buffer.piped = True, False
        if path == buffer.path:
            self.keeping.saved(buffer)
        rescue.forget(paths.state_dir(), path)
        self._stage.window.refresh_lines()
        self._stage.say(f"Saved {path.name}")
        self._stage.hooks.saved(buffer)
        self._stage.window.saw("saved")
        self.dressing.look()
        return path

    # Close -------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close the current buffer; the last one leaves an empty page."""
        buffers = self._stage.buffers
        buffer = buffers.current
        if not await self._may_go(buffer):
            return
        buffer.session.drop()
        buffers.remove(buffer)
        self.keeping.let_go(buffer, untitled=buffer.path is None)
        if not buffers.all:
            self.new()
        self._stage.window.show_buffer()

    async def quit(self) -> None:
        """Leave, after every modified buffer was spoken about."""
        buffers = self._stage.buffers
        for buffer in list(buffers.modified):
            buffers.at = buffers.all.index(buffer)
            self._stage.window.show_buffer()
            if not await self._may_go(buffer):
                return
        self.leave()

    async def abort(self) -> None:
        """Leave with exit code 1, so that whoever called the editor goes no further."""
        names = ", ".join(buffer.name for buffer in self._stage.buffers.modified)
        choices = (Choice("y", "leave without saving", "y"), Choice("n", "stay", "n"))
        question = f"Leave with exit code 1? Not saved: {names}."
        if not names or await self._stage.ask(Ask(question, choices)) == "y":
            self.leave(1)

    def leave(self, code: int = 0) -> None:
        """Leave at once, every text as it is; what is unsaved was given up."""
        for buffer in self._stage.buffers.all:
            self.keeping.let_go(buffer, untitled=buffer.path is None)
        self._stage.leave(code)

    async def _may_go(self, buffer: Buffer) -> bool:
        """Whether a buffer may go: unmodified, saved, or given up."""
        if not buffer.modified:
            return True
        choices = (
            Choice("s", "save", SAVE),
            Choice("d", "discard the changes", DISCARD),
            Choice("esc", "stay", STAY),
        )
        answer = await self._stage.ask(Ask(f"{buffer.name} has unsaved changes.", choices))
        if answer == SAVE:
            return await self.save(buffer)
        return answer == DISCARD

    def step(self, by: int) -> None:
        """The next buffer, or the one before."""
        self._stage.buffers.step(by)
        self._stage.window.show_buffer()
        self._stage.start(self.outside.look())

    def _stand_at(self, page: Document, row: int, column: int) -> None:
        """Put the cursor at a place, or the nearest that there is."""
        row = min(row, len(page.text.lines) - 1)
        place = page.text.offset(row, min(column, len(page.text.lines[row])))
        page.selection = Selection.at(place)
        if self._stage.window.editor.page is page:
            editor = self._stage.window.editor
            editor.select_span(Span(place, place))
            editor.call_after_refresh(editor.scroll_cursor_visible, center=True)

    def lock(self) -> None:
        """Only look at the current buffer, or edit it again."""
        buffer = self._stage.buffers.current
        buffer.locked = not buffer.locked
        self._stage.window.show_buffer()
        said = "is only looked at" if buffer.locked else "may be edited"
        self._stage.say(f"{buffer.name} {said}.")

    # The end -----------------------------------------------------------------------------------

    def rescue_all(self) -> list[str]:
        """Write a rescue copy of every modified buffer; what became of each, in a line."""
        self.keeping.write_all()
        told: list[str] = []
        for buffer in self._stage.buffers.modified:
            try:
                text = str(buffer.page.text)
                copy = rescue.save(paths.state_dir(), buffer.path, text, buffer.form)
            except (DiffeditError, OSError) as error:
                told.append(f"the unsaved text of {buffer.name} could not be kept: {error}")
            else:
                told.append(f"your unsaved text is in {copy}")
        return told


def _no_file(typed: str) -> str:
    """Why a text cannot be saved under this name."""
    folder = typed.endswith("/") or (typed and _path(typed).is_dir())
    return "That is a folder. Name a file in it." if folder else ""


def _path(typed: str) -> Path:
    """A path as people type it, `~` and all."""
    return Path(typed).expanduser()
