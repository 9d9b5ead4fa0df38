"""The desk for files: open, save, close, and never lose a text without having asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.config import paths
from diffedit.core import files
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.errors import DiffeditError, FileError
from diffedit.core.filespec import FileSpec
from diffedit.core.span import Selection, Span
from diffedit.ui import rescue
from diffedit.ui.buffers import Buffer
from diffedit.ui.dialogs import Ask, Choice, Line, PathSuggester
from diffedit.ui.lexing import language_of
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.worker.session import Session

SAVE, DISCARD, STAY = "save", "discard", "stay"


class Filing:
    """Opens, saves and closes buffers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._knows_languages = False

    # Open --------------------------------------------------------------------------------------

    def open_all(self, specs: Sequence[FileSpec], stdin_text: str | None) -> None:
        """What the command line named; an untitled buffer if it named nothing that opens."""
        buffers = self._stage.buffers
        if stdin_text is not None:
            self._add(self._buffer(stdin_text))
            buffers.current.piped = True
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
        copy = rescue.find(paths.state_dir(), path)
        if copy is not None:
            stage.say(f"A rescue copy of {path.name} from {copy.when} is at {copy.path}", "warning")

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
        self._add(self._buffer(""))
        self._stage.window.show_buffer()

    def _read(self, path: Path) -> Buffer:
        """A file that is there, or the promise of one that is not yet."""
        if not path.exists() and not path.is_symlink():
            return self._buffer("", path)
        opened = files.read(path)
        if not opened.writable:
            self._stage.say(f"{path.name} is read-only; save it under another name.", "warning")
        buffer = self._buffer(opened.text, path)
        buffer.form, buffer.stamp, buffer.writable = opened.form, opened.stamp, opened.writable
        return buffer

    def _buffer(self, text: str, path: Path | None = None) -> Buffer:
        page = Document(text)
        language = language_of(path.name, text) if path and self._knows_languages else ""
        return Buffer(page=page, connect=lambda: self._session(page), path=path, language=language)

    def name_languages(self) -> None:
        """Find out the language of what is open, and from now on of what is opened."""
        self._knows_languages = True
        for buffer in self._stage.buffers.all:
            if buffer.path is not None:
                buffer.language = language_of(buffer.path.name, str(buffer.page.text))
        self._stage.window.show_language()

    def _session(self, page: Document) -> Session:
        from diffedit.worker.session import Session  # noqa: PLC0415 - after the first text is seen

        return Session(page, self._stage.client)

    def _add(self, buffer: Buffer) -> None:
        self._stage.buffers.add(buffer)

    # Save --------------------------------------------------------------------------------------

    async def save(self, buffer: Buffer | None = None) -> bool:
        """Write a buffer; asks for a name, or what to do about a file that changed meanwhile."""
        buffer = buffer or self._stage.buffers.current
        if buffer.path is None:
            return await self.save_as(buffer)
        if not await self._may_overwrite(buffer, buffer.path):
            return False
        return self._write(buffer, buffer.path)

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
        if not self._write(buffer, path):
            return False
        buffer.path = path
        buffer.language = language_of(path.name, str(buffer.page.text))
        self._stage.window.show_buffer()
        return True

    async def _may_replace(self, path: Path) -> bool:
        """Whether a file that is there may be written over."""
        choices = (Choice("y", "replace it", "y"), Choice("n", "leave it", "n"))
        return await self._stage.ask(Ask(f"{path.name} exists. Replace it?", choices)) == "y"

    async def _may_overwrite(self, buffer: Buffer, path: Path) -> bool:
        """Whether the file is still the one that was read, or may be replaced all the same."""
        if files.stamp(path) == buffer.stamp:
            return True
        question = f"{path.name} was changed by someone else since you opened it."
        if files.stamp(path) is None:
            question = f"{path.name} was deleted since you opened it."
        choices = (
            Choice("o", "overwrite with yours", "o"),
            Choice("r", "reload theirs (undo brings yours back)", "r"),
            Choice("n", "not now", "n"),
        )
        answer = await self._stage.ask(Ask(question, choices))
        if answer == "r":
            self._reload(buffer, path)
        return answer == "o"

    def _reload(self, buffer: Buffer, path: Path) -> None:
        """Take the file's text into the page, as one change that can be undone."""
        opened = files.read(path)
        page = buffer.page
        page.apply(ChangeSet((Change(Span(0, len(page.text)), opened.text),)))
        buffer.form, buffer.stamp = opened.form, opened.stamp
        page.mark_saved()
        self._stage.window.refresh_lines()

    def _write(self, buffer: Buffer, path: Path) -> bool:
        """To disk. What goes wrong is said, and the text stays as it is."""
        try:
            buffer.stamp = files.write(path, str(buffer.page.text), buffer.form)
        except FileError as error:
            self._stage.say(str(error), "error")
            return False
        buffer.page.mark_saved()
        buffer.writable, buffer.piped = True, False
        rescue.forget(paths.state_dir(), path)
        self._stage.window.refresh_lines()
        self._stage.say(f"Saved {path.name}")
        self._stage.window.saw("saved")
        return True

    # Close -------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close the current buffer; the last one leaves an empty page."""
        buffers = self._stage.buffers
        buffer = buffers.current
        if not await self._settled(buffer):
            return
        buffer.session.drop()
        buffers.remove(buffer)
        if not buffers.all:
            self.new()
        self._stage.window.show_buffer()

    async def quit(self) -> None:
        """Leave, after every modified buffer was spoken about."""
        buffers = self._stage.buffers
        for buffer in list(buffers.modified):
            buffers.at = buffers.all.index(buffer)
            self._stage.window.show_buffer()
            if not await self._settled(buffer):
                return
        self._stage.leave()

    async def _settled(self, buffer: Buffer) -> bool:
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

    def _stand_at(self, page: Document, row: int, column: int) -> None:
        """Put the cursor at a place, or the nearest that there is."""
        row = min(row, len(page.text.lines) - 1)
        place = page.text.offset(row, min(column, len(page.text.lines[row])))
        page.selection = Selection.at(place)
        if self._stage.window.editor.page is page:
            editor = self._stage.window.editor
            editor.select_span(Span(place, place))
            editor.call_after_refresh(editor.scroll_cursor_visible, center=True)

    # The end -----------------------------------------------------------------------------------

    def rescue_all(self) -> list[str]:
        """Write a rescue copy of every modified buffer; what became of each, in a line."""
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
