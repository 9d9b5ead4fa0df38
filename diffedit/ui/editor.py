"""The editor: a page that is typed into, with the keys and the mouse that a person expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Protocol

from textual import events
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.message import Message

from diffedit.config.themes import Theme
from diffedit.core import span as core
from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.show import visible
from diffedit.ui import edits, many, typed
from diffedit.ui.blocks import in_words, indentation
from diffedit.ui.cells import width_before
from diffedit.ui.clipboard import Clipboard, Copied
from diffedit.ui.cursor_area import CursorArea
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.key_order import is_text
from diffedit.ui.line_edits import EDITS, Page
from diffedit.ui.rows import Overlay

__all__ = ["EditorView", "Overlay"]

PROSE = ("", "markdown", "md", "restructuredtext", "rst", "text")


class Canvas(Protocol):
    """Takes keys that belong to a live draft. Each says whether it has taken what it was told."""

    def typed(self, text: str) -> bool:
        """Text for where the cursor is seen."""

    def deleted(self) -> bool:
        """The character before the caret."""

    def went(self, what: str) -> bool:
        """The caret is to move."""

    def refused(self) -> bool:
        """Whether the page may not change just now."""

    def left(self) -> None:
        """The caret is out of the draft."""


class Brush(Protocol):
    """What takes the mouse over the words of a draft. A place is a row of the overlay, a cell."""

    def down(self, row: int, cell: int) -> bool:
        """It comes down; whether on a word."""

    def over(self, row: int, cell: int) -> None:
        """It is drawn on."""


class EditorView(CursorArea):
    """The page on the screen, to be edited."""

    BINDINGS: ClassVar[list[Any]] = editor_bindings()

    class Clipped(Message, namespace="editor_view"):
        """Something was copied or cut; `copied` says where it went."""

        def __init__(self, editor: EditorView, copied: Copied) -> None:
            super().__init__()
            self.editor = editor
            self.copied = copied

        @property
        def control(self) -> EditorView:
            """The editor it was copied from."""
            return self.editor

    def __init__(self, page: Document, *, theme: Theme, language: str = "", **kw: Any) -> None:
        self.unit = "    "
        """One level of indentation: a tab, or so many blanks."""
        self.auto_pairs = True
        """Whether a bracket or quote that is typed brings its other half."""
        self.with_tabs: bool | None = None
        """Whether a tab indents; None: as the page has it."""
        self._asked_unit = ""
        self.canvas: Canvas | None = None
        """What takes the keys while they belong to a live draft; None: nothing."""
        self.brush: Brush | None = None
        """What takes the mouse over the words of a draft."""
        self._brushing = False
        self._closers = typed.Closers()
        self._whole_line = ""
        super().__init__(page, theme=theme, language=language, **kw)
        self.clipboard = Clipboard(write=self._write_to_terminal)

    def _set_document(self, text: str, language: str | None) -> None:
        """Learn how the page is indented, then show it."""
        self._asked_unit = ""
        self._learn_indentation()
        self._closers = typed.Closers()
        super()._set_document(text, language)

    def _learn_indentation(self) -> None:
        """One level of it, as the page has it, or as was asked for."""
        found = indentation(self.page.text.lines, self.code, self.indent_width)
        if self.with_tabs is not None and self.with_tabs != (found == "\t"):
            found = "\t" if self.with_tabs else " " * self.indent_width
        self.unit = self._asked_unit or found
        self.indent_type = "tabs" if self.unit == "\t" else "spaces"

    def speak(self, language: str) -> None:
        """Another language may be indented in another way."""
        super().speak(language)
        self._learn_indentation()

    def show_matches(self, find: Callable[[int], Iterable[tuple[int, int]]] | None) -> None:
        """Mark what a search found; `find` gives the columns in a line, as far as it knows."""
        self.scene.matches = find
        self.refresh()

    def _watch_page(self, changes: ChangeSet) -> None:
        """The text has changed: what was put in for the person stands elsewhere."""
        self._closers.carried(changes)
        super()._watch_page(changes)

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        """The cursor has moved: what is behind it cannot be typed over any more."""
        super()._watch_selection(previous_selection, selection)
        self._closers.moved(self.page.text, self.page.selection.head)

    def indent_as(self, width: int, *, with_tabs: bool | None, unit: str = "") -> None:
        """How wide a tab is, and whether one is to be typed; None: as the page has it.

        `unit` is one level of indentation, where that has been said in so many words.
        """
        self.indent_width, self.with_tabs, self._asked_unit = width, with_tabs, unit
        self._learn_indentation()

    @property
    def indent_words(self) -> str:
        """One level of indentation as people say it."""
        return in_words(self.unit, self.indent_width)

    # Typing

    async def _on_key(self, event: events.Key) -> None:
        """Type what can be typed; all other keys are the table's or the app's."""
        event.prevent_default()  # TextArea would type it again
        self._restart_blink()
        if self.read_only or not is_text(event) or event.character is None:
            return
        event.stop()
        if self.canvas is not None and self.canvas.typed(event.character):
            return
        if self.others or not self.auto_pairs:
            self._make(lambda one: edits.replace(one, event.character or "", group="type"))
            return
        chosen = self._chosen()
        place = typed.Place(
            text=self.page.text,
            selection=chosen,
            language=self.code,
            quoted=lambda: self._quoted(chosen.head, ("Comment", "Literal.String")),
        )
        edit, brought = typed.typed(place, event.character, self._closers)
        self.do(edit)
        if brought:
            self._closers.at.append(edit.selection.head)

    def action_go(self, what: str, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """Move: within a draft that is typed into, its caret."""
        if self.canvas is None or not self.canvas.went("" if select else what):
            super().action_go(what, select)

    def undo(self) -> None:
        """Take the last step back; not under a draft that is typed into."""
        if not self._refused():
            super().undo()

    def redo(self) -> None:
        """Do it again; not under a draft that is typed into."""
        if not self._refused():
            super().redo()

    def edit(self, edit: Edit) -> EditResult:
        """Change the page; not under a draft that is typed into."""
        if self._refused():
            return EditResult(edit.top, "")
        return super().edit(edit)

    def stand(self, at: int) -> None:
        """One cursor, there."""
        self.select_span(core.Span(at, at))

    def cell_of(self, at: int) -> int:
        """In which cell of its line a place stands."""
        row, column = self.page.text.location(at)
        return width_before(visible(self.view.lines[row]), column, self.indent_width)

    def _refused(self) -> bool:
        return self.canvas is not None and self.canvas.refused()

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        """On a draft that is looked at it is the brush's; it takes the caret out of a live one."""
        row, cell = self._over(event)
        if self.brush is not None and row >= 0 and self.brush.down(row, cell):
            event.prevent_default()
            self._brushing = True
            self.capture_mouse()
            return
        if self.canvas is not None:
            self.canvas.left()
        await super()._on_mouse_down(event)

    async def _on_mouse_move(self, event: events.MouseMove) -> None:
        """What is drawn over is marked, while it is the brush's."""
        if self._brushing and self.brush is not None:
            event.prevent_default()
            self.brush.over(*self._over(event))
            return
        await super()._on_mouse_move(event)

    async def _on_mouse_up(self, event: events.MouseUp) -> None:
        """The brush is lifted."""
        if self._brushing:
            event.prevent_default()
            self._brushing = False
            self.release_mouse()
            return
        await super()._on_mouse_up(event)

    def _over(self, event: events.MouseEvent) -> tuple[int, int]:
        """Which row of the overlay the mouse is over, -1 for none, and which cell of it."""
        place = self.rows.at(event.y + self.scroll_offset.y)
        return place.overlay_row, event.x - self.gutter_width + self.scroll_offset.x

    def _quoted(self, at: int, kinds: tuple[str, ...]) -> bool:
        """Whether a place is within a token of these kinds."""
        row, column = self.page.text.location(at)
        self.highlighter.ensure(row, row)
        return any(
            start < column <= end and name.startswith(kinds) and "Interpol" not in name
            for start, end, name in self.highlighter.line(row)
        )

    async def _on_paste(self, event: events.Paste) -> None:
        """Put pasted text in, as one step."""
        event.stop()
        event.prevent_default()
        self._insert(event.text)

    def do(self, edit: edits.Edit | None) -> None:
        """Make an edit on the page, as one step that can be taken back."""
        if edit is None or self.read_only or self._refused():
            return
        if not edit.changes:
            self.page.selection = edit.selection
            self._take_page_selection()
            return
        self._tell_page_selection()
        self.page.apply(edit.changes, group=edit.group, selection=edit.selection)

    def _make(self, make: Callable[[core.Selection], edits.Edit | None]) -> None:
        """Do at every cursor what `make` does at one, as one step."""
        if self.read_only or self._refused():
            return
        chosen = self._chosen()
        if not self.others:
            self.do(make(chosen))
        elif found := many.at_each([chosen, *self.others], make):
            self.do(found[0])
            self.stand_at(found[1])

    def _insert(self, text: str) -> None:
        """Put text from outside in the place of the selection; a line to each of many cursors."""
        clean = edits.pasted(text)
        if clean and not (self.canvas is not None and self.canvas.typed(clean)):
            self.page.break_group()
            lines = clean.removesuffix("\n").split("\n")
            ends = sorted((self._chosen(), *self.others), key=lambda one: one.span.start)
            each = self.others and len(lines) == len(ends)
            self._make(lambda one: edits.replace(one, lines[ends.index(one)] if each else clean))

    def _delete_via_keyboard(self, start: Location, end: Location) -> EditResult | None:
        """Deleting one character after the other is one step."""
        span = self.view.span(start, end)
        self._group = "delete" if "\n" not in self.page.text.slice(span) else ""
        try:
            return super()._delete_via_keyboard(start, end)
        finally:
            self._group = ""

    def action_newline(self) -> None:
        """Enter."""
        if self.canvas is not None and self.canvas.typed("\n"):
            return
        kinds = ("Comment", "Literal.String.Doc")

        def make(one: core.Selection) -> edits.Edit:
            code = self.code not in PROSE and not self._quoted(one.span.end, kinds)
            back = self.code.lower() in typed.INDENTED
            return edits.newline(self.page.text, one, self.unit, code=code, back=back)

        self._make(make)

    def action_edit(self, name: str) -> None:
        """An edit of the table, by its name."""
        if name == "indent" and self.canvas is not None and self.canvas.typed(self.unit):
            return
        self._make(lambda one: EDITS[name](Page(self.page.text, one, self.unit, self.code)))

    def action_delete_left(self) -> None:
        """Backspace: in the indentation to its last stop; a half that was put in goes along."""
        if self.canvas is not None and self.canvas.deleted():
            return
        if self.others:
            self._make(lambda one: self._deleted(one, "left"))
            return
        edit = edits.backspace_in_indent(self.page.text, self._chosen(), self.unit)
        edit = edit or typed.deleted(self.page.text, self._chosen(), self._closers)
        if edit is not None:
            self.do(edit)
        else:
            super().action_delete_left()

    def action_delete(self, what: str) -> None:
        """Delete to where a move would lead."""
        self._make(lambda one: self._deleted(one, what))

    def _deleted(self, one: core.Selection, what: str) -> edits.Edit:
        """What deletes a selection, or else to where a move leads."""
        if one.anchor == one.head:
            one = core.Selection(one.head, self._gone(what, one).head)
        # Deleting one character after the other is one step.
        group = "delete" if "\n" not in self.page.text.slice(one.span) else ""
        return edits.replace(one, "", group=group)

    # Clipboard

    def action_cut(self) -> None:
        """Cut the selection, or the line when nothing is selected."""
        if self.read_only:
            return
        self.action_copy()
        if self.selection.is_empty:
            self.action_edit("delete_lines")
        else:
            self._make(lambda one: edits.replace(one, ""))

    def action_copy(self) -> None:
        """Copy the selection, or the line when nothing is selected."""
        line = f"{self.view.lines[self.cursor_location[0]]}\n"
        text = self.selected_text or line
        if self.others and self.selected_text:
            every = sorted((self._chosen(), *self.others), key=lambda one: one.span.start)
            text = "\n".join(self.page.text.slice(one.span) for one in every)
        self._whole_line = "" if self.selected_text else line
        self.clipboard.text = text
        self.run_worker(self._copy(text), exclusive=False)

    async def action_paste(self) -> None:  # type: ignore[override]
        """Paste from the clipboard; a line that was copied whole goes above this one."""
        text = await self.clipboard.paste()
        if text == self._whole_line and self.selection.is_empty and not self.others:
            start = self.page.text.offset(self.cursor_location[0], 0)
            self.page.break_group()
            self.do(edits.insert(self._chosen(), text, start))
        else:
            self._insert(text)

    async def _copy(self, text: str) -> None:
        """Copy in the background; tools may take their time."""
        self.post_message(self.Clipped(self, await self.clipboard.copy(text)))

    def _write_to_terminal(self, sequence: str) -> None:
        """Send the terminal a sequence of its own."""
        if self.app._driver is not None:
            self.app._driver.write(sequence)
