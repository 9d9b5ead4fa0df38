"""The page on the screen: a TextArea that shows a core Document and paints only what it must."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from textual._text_area_theme import TextAreaTheme
from textual.color import Color
from textual.document._document import EditResult, Location, Selection
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widgets import TextArea

from diffedit.config.themes import Theme
from diffedit.core import span as core
from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.ui.blocks import matching_bracket
from diffedit.ui.highlight import Highlighter
from diffedit.ui.page_paint import Painter, Scene
from diffedit.ui.page_view import PageHistory, PageView, widest
from diffedit.ui.paint import Palette
from diffedit.ui.rows import Overlay, Rows

SWEEP_EVERY, SWEEP_FOR, SWEEP_AFTER = 0.05, 0.006, 0.3
"""Seconds between two slices of reading on from the top, how long each may take, and how long
the keys must have been quiet. Beside an overlay a slice is a third: its pictures must not wait."""


class PageArea(TextArea, inherit_bindings=False):
    """Shows a page, its colours, its selection and an overlay. Knows nothing of editing keys."""

    DEFAULT_CSS = """
    PageArea { border: none; padding: 0; &:focus { border: none; } }
    """

    selection: Reactive[Selection] = reactive(
        Selection(), init=False, always_update=True, repaint=False
    )

    @dataclass
    class Edited(Message, namespace="editor_view"):
        """The page's text has changed, by whoever it was."""

        editor: PageArea
        changes: ChangeSet

        @property
        def control(self) -> PageArea:
            """The editor that shows the page."""
            return self.editor

    @dataclass
    class Moved(Message, namespace="editor_view"):
        """The cursor or the selection has moved."""

        editor: PageArea

        @property
        def control(self) -> PageArea:
            """The editor whose cursor it is."""
            return self.editor

    def __init__(self, page: Document, *, theme: Theme, language: str = "", **kw: Any) -> None:
        self.page = page
        self.code = language
        """The language of the page, by its Pygments name; "" for plain text."""
        self._palette = Palette.of(theme)
        self._sweeper: Timer | None = None
        self._group = ""
        self._touched = 0.0
        kw.setdefault("soft_wrap", False)
        kw.setdefault("show_line_numbers", True)
        super().__init__("", tab_behavior="indent", **kw)
        self.use_theme(theme)

    # What is shown

    def open(self, page: Document, *, language: str) -> None:
        """Show another page; each keeps its own selection and history."""
        if self._watch_page in self.page.watchers:
            self.page.watchers.remove(self._watch_page)
        self.page, self.code = page, language
        self._set_document("", None)
        self.refresh()

    def speak(self, language: str) -> None:
        """Show the same page as one in another language."""
        self.code = language
        self.scene.highlighter = Highlighter(self.view.lines, language)
        self.scene.brackets = self._find_brackets(self.selection)
        self._start_sweep()
        self.refresh()

    def load_text(self, text: str) -> None:
        """Show a new page with this text."""
        self.open(Document(text), language=self.code)

    def use_theme(self, theme: Theme) -> None:
        """Paint in other colours."""
        self._palette = Palette.of(theme)
        self._painter = Painter(self, self.scene, self._palette)
        self._set_theme("css")
        self.refresh()

    def show_overlay(self, overlay: Overlay | None) -> None:
        """Paint rows over some lines of the page, or nothing more; the page does not change."""
        old, old_height = self.overlay, self.rows.height
        old_top, old_end = self.rows.lent
        self.scene.overlay = overlay
        self.rows.lend(overlay)
        top, end = self.rows.lent
        stays = old is not None and overlay is not None and self.rows.height == old_height
        if not stays or (old_top, old_end) != (top, end):
            self._recompute_cursor_offset()
            self._refresh_size()
            self._keep_in_place(old_end or end, self.rows.height - old_height)
            self.refresh()
            return
        assert old is not None
        assert overlay is not None
        pictures = zip_longest(old.pictures, overlay.pictures)
        for y, (before, after) in enumerate(pictures, start=top):
            if before != after:
                self._refresh_screen_rows(y, y + 1)

    @property
    def rows(self) -> Rows:
        """Which line stands on which row of the screen."""
        return self.scene.rows

    @property
    def overlay(self) -> Overlay | None:
        """What is painted over the page."""
        return self.scene.overlay

    @property
    def highlighter(self) -> Highlighter:
        """The colours of the lines."""
        return self.scene.highlighter

    @property
    def window(self) -> Size:
        """The cells in which the page is seen, scroll bars left out."""
        return self.scrollable_content_region.size

    @property
    def view(self) -> PageView:
        """The page in the shape that TextArea asks for."""
        assert isinstance(self.document, PageView)
        return self.document

    # The page, and changes to it

    def edit(self, edit: Edit) -> EditResult:
        """Change the page; TextArea's own typing comes through here."""
        self._tell_page_selection()
        start = self.view.span(edit.top, edit.bottom).start
        moved = core.Selection.at(start + len(edit.text))
        return self.view.replace_range(
            edit.top,
            edit.bottom,
            edit.text,
            group=self._group,
            selection=None if edit.maintain_selection_offset else moved,
        )

    def undo(self) -> None:
        """Take the last step back."""
        self.page.undo()

    def redo(self) -> None:
        """Do the step again that was taken back last."""
        self.page.redo()

    def _set_document(self, text: str, language: str | None) -> None:
        """Put the page where TextArea expects its document."""
        self.history = PageHistory(self.page)
        self.document = PageView(self.page)
        rows = Rows(self.document, self.wrap_width, self.indent_width)
        self.wrapped_document = rows
        self.navigator = DocumentNavigator(rows)
        self.scene = Scene(rows, Highlighter(self.document.lines, self.code))
        self._painter = Painter(self, self.scene, self._palette)
        self._count = self.document.line_count
        self._widest = widest(self.document.lines, self.indent_width)
        self.page.watchers.append(self._watch_page)
        self._take_page_selection()
        self._refresh_size()

    def _watch_page(self, changes: ChangeSet) -> None:
        """The page has changed: bring all that is derived from it up to date."""
        spans = tuple(changes.new_spans())
        text = self.page.text
        first, new_last = text.location(spans[0].start)[0], text.location(spans[-1].end)[0]
        old_last = new_last - (len(text.lines) - self._count)
        gutter = self.gutter_width
        self._count = len(text.lines)
        self.rows.wrap_range((first, 0), (old_last, 0), (new_last, 0))
        if self.overlay is not None:
            self.rows.lend(self.overlay)
        seen = self._seen_rows()
        colours = (
            [self.highlighter.line(row) for row in range(*seen)] if old_last == new_last else []
        )
        self.highlighter.edited(first, old_last, new_last)
        self._widest = max(
            self._widest, widest(text.lines[first : new_last + 1], self.indent_width)
        )
        self._refresh_size()
        if gutter != self.gutter_width or self.soft_wrap:
            self.refresh()
        elif old_last != new_last:
            # Below the end of a text that got shorter, blank rows are to be painted too.
            self._refresh_screen_rows(
                self.rows.y_of(first), self.scroll_offset.y + self.size.height
            )
        else:
            self._refresh_rows(first, new_last)
            self._refresh_recoloured(seen, colours)
        self._take_page_selection()
        self._start_sweep()
        self.post_message(self.Edited(self, changes))

    def _refresh_recoloured(self, seen: tuple[int, int], before: list[Any]) -> None:
        """Repaint the lines on screen whose colours changed because of an edit above them."""
        self.highlighter.ensure(*seen)
        for row, colours in zip(range(*seen), before, strict=False):
            if self.highlighter.line(row) != colours:
                self._refresh_rows(row, row)

    def _tell_page_selection(self) -> None:
        """Let the page know what is selected, so that undo can bring it back."""
        start, end = (self.view.nearest(place) for place in self.selection)
        text = self.page.text
        self.page.selection = core.Selection(text.offset(*start), text.offset(*end))

    def _take_page_selection(self) -> None:
        """Select what the page says is selected."""
        text, chosen = self.page.text, self.page.selection
        anchor, head = (min(at, len(text)) for at in (chosen.anchor, chosen.head))
        self.selection = Selection(text.location(anchor), text.location(head))
        self.record_cursor_width()

    # Selection and scrolling

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        """Bring the cursor into view, and repaint the lines that look different."""
        if not self.is_mounted:
            self._recompute_cursor_offset()
            return
        self._touched = time.monotonic()
        self._tell_page_selection()
        self.app.clear_selection()
        old_brackets = self.scene.brackets
        self.scene.brackets = self._find_brackets(selection)
        self.scroll_cursor_visible()
        if previous_selection != selection:
            self._refresh_selected(previous_selection)
            self._refresh_selected(selection)
            self.post_message(self.Moved(self))
        if old_brackets != self.scene.brackets:
            for row, _ in (*old_brackets, *self.scene.brackets):
                self._refresh_rows(row, row)
        self.app.cursor_position = self.cursor_screen_offset

    def _find_brackets(self, selection: Selection) -> tuple[Location, ...]:
        """The bracket at the cursor and the one it belongs to."""
        if not self.match_cursor_bracket or not selection.is_empty:
            return ()
        return matching_bracket(self.view.lines, selection.end, self.highlighter.line)

    def _validate_selection(self, selection: Selection) -> Selection:
        """Draw places that do not exist to the nearest one."""
        return Selection(self.view.nearest(selection.start), self.view.nearest(selection.end))

    def _refresh_selected(self, selection: Selection) -> None:
        """Repaint the lines of a selection."""
        first, last = sorted((selection.start[0], selection.end[0]))
        self._refresh_rows(first, last)

    def _seen_rows(self) -> tuple[int, int]:
        """The lines on the screen, the last one not included."""
        top = self.scroll_offset.y
        return self.rows.at(top).row, self.rows.at(top + self.window.height).row + 1

    def _refresh_rows(self, first: int, last: int) -> None:
        """Repaint some lines of the page, as far as they are seen."""
        last = min(last, self._count - 1)
        start = self.rows.y_of(min(first, last))
        end = self.rows.y_of(last, len(self.rows.get_offsets(last))) + 1
        if self.overlay is not None and last >= self.overlay.last_row:
            end = max(end, self.rows.lent[1])
        self._refresh_screen_rows(start, max(end, start + 1))

    def _refresh_screen_rows(self, start: int, end: int) -> None:
        """Repaint some rows of the screen, as far as they are seen."""
        top = self.scroll_offset.y
        start, end = max(start, top), min(end, top + self.size.height)
        if start < end:
            self.refresh(Region(0, start - top, self.size.width, end - start))

    def _keep_in_place(self, end: int, growth: int) -> None:
        """Scroll along when an overlay grows above the window, so that the text seen stays."""
        if growth and self.scroll_offset.y >= end > 0:
            self.scroll_to(y=self.scroll_offset.y + growth, animate=False)

    # Sizes and colours that TextArea asks for

    def _refresh_size(self) -> None:
        """Tell the scroll bars how large all is."""
        width = 0 if self.soft_wrap else self._widest + self.gutter_width + 1
        size = Size(width, self.rows.height)
        if size != self.virtual_size:
            # Assigned, it would lay out the whole screen anew for each line typed.
            self.set_reactive(PageArea.virtual_size, size)
            self._scroll_update(size)

    def _rewrap_and_refresh_virtual_size(self) -> None:
        """The width, the tabs or the gutter changed."""
        self.rows.wrap(self.wrap_width, self.indent_width)
        self.rows.lend(self.overlay)
        self._painter.forget()
        self._refresh_size()
        self.refresh()  # what was painted since the new layout has the old breaks

    def _watch_indent_width(self) -> None:
        """Tabs are of another width."""
        self._widest = widest(self.view.lines, self.indent_width)
        super()._watch_indent_width()

    def _recompute_cursor_offset(self) -> None:
        """Find the cell of the cursor; a place that is gone counts as the nearest one."""
        self._cursor_offset = self.rows.location_to_offset(self.cursor_location)

    @property
    def gutter_width(self) -> int:
        """The cells that line numbers take, with a mark and a blank after them."""
        digits = max(3, len(str(self.document.line_count)))
        return digits + 2 if self.show_line_numbers else 0

    def _set_theme(self, theme: str) -> None:
        """Give Textual the colours of the ground; all else is painted from the palette."""
        found = TextAreaTheme.get_builtin_theme("css")
        assert found is not None
        self._theme = found
        base = self._palette.base
        assert base.color is not None
        assert base.bgcolor is not None
        self.styles.color = Color.from_rich_color(base.color)
        self.styles.background = Color.from_rich_color(base.bgcolor)

    def _watch_language(self, language: str | None) -> None:
        """TextArea's own languages are not used."""

    def _build_highlight_map(self) -> None:
        """TextArea's own highlighting is not used."""

    # Reading on from the top, so that what is seen far below is coloured right

    def _start_sweep(self) -> None:
        """Read on in the background until what is on screen is known."""
        if self._sweeper is None and self.is_mounted and self.highlighter.active:
            self._sweeper = self.set_interval(SWEEP_EVERY, self._sweep)

    def _sweep(self) -> None:
        """One slice of it."""
        if time.monotonic() - self._touched < SWEEP_AFTER:
            return
        first, last = self._seen_rows()
        seconds = SWEEP_FOR / 3 if self.overlay is not None else SWEEP_FOR
        more, low, high = self.highlighter.sweep(last, seconds)
        if low >= 0 and low < last and high >= first:
            self._refresh_rows(max(low, first), min(high, last))
        if not more and self._sweeper is not None:
            self._sweeper.stop()
            self._sweeper = None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines are seen."""
        super().watch_scroll_y(old_value, new_value)
        self._start_sweep()

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint some rows; the colours are the palette's, whatever the style sheet says."""
        return super(TextArea, self).render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Paint one row of the window, or find it painted already."""
        return self._painter.row(y + self.scroll_offset.y)
