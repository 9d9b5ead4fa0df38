"""The desk for how a text stands in its file: encoding, byte order mark, line ends, indentation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from diffedit.core import files
from diffedit.core.errors import FileError, RequestError
from diffedit.core.files import Base, Form
from diffedit.core.form import decode_as, refuse_form
from diffedit.ui import line_edits
from diffedit.ui.dialogs import Ask, Choice
from diffedit.ui.keeping import Keeping
from diffedit.ui.picker import Picker
from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffer

WITH_MARK = " with a byte order mark"
ENCODINGS = (
    *("utf-8", f"utf-8{WITH_MARK}", "iso8859-1", "cp1252", "iso8859-15", "ascii"),
    *(f"utf-16-le{WITH_MARK}", f"utf-16-be{WITH_MARK}", "utf-16-le", "utf-16-be"),
    *(f"utf-32-le{WITH_MARK}", f"utf-32-be{WITH_MARK}", "cp437", "cp850", "mac-roman"),
    *("iso8859-2", "cp1250", "iso8859-5", "cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-7"),
    *("cp1253", "iso8859-9", "cp1254", "iso8859-8", "cp1255", "iso8859-6", "cp1256", "cp1257"),
    *("cp1258", "shift_jis", "euc_jp", "cp932", "gb18030", "gbk", "big5", "euc_kr", "cp949"),
)
"""What can be picked, the most common first."""
UNITS = {f"{size} spaces": (" " * size, 0) for size in (4, 2, 8, 3)} | {
    f"tabs of {size}": ("\t", size) for size in (4, 8, 2)
}
"""What one level of indentation may be: its name, the unit, and how wide a tab is with it."""
LINE_ENDS = {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}


class Forms:
    """Changes how a buffer is saved, or how its file is read."""

    def __init__(self, stage: Stage, keeping: Keeping) -> None:
        self._stage = stage
        self._keeping = keeping

    async def encoding(self) -> None:
        """Pick the encoding that the text is to be saved in. Raises FileError if that cannot be."""
        buffer = self._stage.buffers.current
        name = await self._pick(f"Save {buffer.name} in which encoding?")
        if name is not None:
            encoding = name.removesuffix(WITH_MARK)
            form = replace(buffer.form, encoding=encoding, bom=name.endswith(WITH_MARK))
            self._take(buffer, form, name)

    async def line_ends(self) -> None:
        """Choose the line ends; those of a mixed file become all the same, as one change."""
        buffer = self._stage.buffers.current
        mixed = "\r" in str(buffer.page.text)
        question = f"{buffer.name} has {LINE_ENDS.get(buffer.form.newline, '')} line ends."
        if mixed:
            question = f"{buffer.name} has line ends of several kinds."
        choices = (
            Choice("l", "LF (Unix)", "\n"),
            Choice("c", "CRLF (Windows)", "\r\n"),
            Choice("r", "CR (old Mac)", "\r"),
            Choice("esc", "leave them", ""),
        )
        newline = await self._stage.ask(Ask(question, choices))
        if not newline:
            return
        if mixed:
            text = str(buffer.page.text)
            buffer.replace_text(text.replace("\r\n", "\n").replace("\r", "\n"))
        self._take(buffer, replace(buffer.form, newline=newline), LINE_ENDS[newline])

    async def indentation(self) -> None:
        """Choose what the tab key types in this text, and whether its lines follow."""
        buffer, editor = self._stage.buffers.current, self._stage.window.editor
        old = editor.unit
        question = f"{buffer.name} is indented by {editor.indent_words}. By what is it to be?"
        name = await self._stage.ask(Picker(question, list(UNITS)))
        if name is None or self._stage.buffers.current is not buffer:
            return
        buffer.unit, tab = UNITS[name]
        buffer.rules = replace(buffer.rules, width=tab or buffer.rules.width)
        page = buffer.page
        width = editor.indent_width
        edit = line_edits.reindent(page.text, page.selection, (old, buffer.unit), width)
        self._stage.hooks.shown()
        if edit is not None and not buffer.locked:
            choices = (Choice("c", "change them too", "c"), Choice("esc", "leave them", ""))
            question = f"Lines of {buffer.name} are indented otherwise."
            if await self._stage.ask(Ask(question, choices)):
                page.break_group()
                page.apply(edit.changes, selection=edit.selection)
                page.break_group()
        self._stage.window.saw("indentation chosen")

    async def reopen(self) -> None:
        """Read the file anew, in an encoding that the person knows better than we."""
        buffer = self._stage.buffers.current
        if buffer.path is None or buffer.stamp is None:
            raise RequestError("This text is in no file yet.")
        if buffer.modified:
            raise RequestError(
                f"{buffer.name} has unsaved changes.", hint="Save or undo them first."
            )
        name = await self._pick(f"Read {buffer.name} as what?")
        if name is None:
            return
        try:
            data = buffer.path.read_bytes()
        except OSError as error:
            raise FileError(f"{buffer.name} cannot be read: {error.strerror}.") from error
        text, form = decode_as(data, name.removesuffix(WITH_MARK))
        buffer.replace_text(text)
        buffer.form, buffer.base = form, Base(text=text, form=form)
        buffer.stamp = files.stamp(buffer.path)
        buffer.page.mark_saved()
        self._keeping.rebased(buffer)
        self._stage.window.refresh_lines()
        self._stage.window.saw("reopened")

    async def _pick(self, question: str) -> str | None:
        return await self._stage.ask(Picker(question, ENCODINGS))

    def _take(self, buffer: Buffer, form: Form, name: str) -> None:
        """From the next save on."""
        refuse_form(str(buffer.page.text), form)
        buffer.form = form
        self._stage.window.refresh_lines()
        self._stage.say(f"{buffer.name} will be saved as {name}.")
        self._stage.window.saw("form taken")
