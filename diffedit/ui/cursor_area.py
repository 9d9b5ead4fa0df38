"""The page with its cursors: where they stand, how they move, and what is selected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.document._document import Location, Selection
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import Reactive, reactive

from diffedit.core import span as core
from diffedit.core.change import ChangeSet
from diffedit.core.span import Span
from diffedit.ui import growing, many
from diffedit.ui.blocks import enclosing_block
from diffedit.ui.cells import following, preceding, settle
from diffedit.ui.mouse import Mouse
from diffedit.ui.page_area import PageArea

NEAR = {
    "left": "get_cursor_left_location",
    "right": "get_cursor_right_location",
    "up": "get_cursor_up_location",
    "down": "get_cursor_down_location",
    "word_left": "get_cursor_word_left_location",
    "word_right": "get_cursor_word_right_location",
    "line_start": "get_cursor_line_start_location",
    "line_end": "get_cursor_line_end_location",
}
"""The moves that several cursors make together, and what tells where each leads."""


class CursorArea(PageArea):
    """Knows all of moving and selecting, and nothing of changing the text."""

    @dataclass
    class Shown(Message, namespace="editor_view"):
        """Another page is shown."""

        editor: CursorArea

        @property
        def control(self) -> CursorArea:
            """The editor that shows it."""
            return self.editor

    show_blanks: Reactive[bool] = reactive(default=False)
    """Whether blanks, tabs and line ends are painted as signs."""
    relative_numbers: Reactive[bool] = reactive(default=False)
    """Whether lines are counted from the cursor's."""

    def __init__(self, *words: Any, **kw: Any) -> None:
        self.others: list[core.Selection] = []
        """The cursors beside the one that Textual knows."""
        self._steps: list[tuple[Selection, Selection]] = []
        self._mouse = Mouse(self)
        super().__init__(*words, **kw)

    def _set_document(self, text: str, language: str | None) -> None:
        """Another page has one cursor."""
        self.others = []
        super()._set_document(text, language)
        self.scene.blanks, self.scene.relative = self.show_blanks, self.relative_numbers
        self.post_message(self.Shown(self))

    def show_changes(self, signs: Mapping[int, str]) -> None:
        """Mark the lines that are not as git has them."""
        if self.scene.changes != signs:
            self.scene.changes = signs
            self.refresh()

    def _watch_show_blanks(self, shown: bool) -> None:  # noqa: FBT001 - Textual calls it so
        """Signs, or none: all rows look different."""
        self.scene.blanks = shown
        self.refresh()

    def _watch_relative_numbers(self, counted: bool) -> None:  # noqa: FBT001 - as above
        """Other numbers."""
        self.scene.relative = counted
        self.refresh()

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        """On another line, other lines are so many lines away."""
        super()._watch_selection(previous_selection, selection)
        if self.relative_numbers and previous_selection.end[0] != selection.end[0]:
            self.refresh()

    def _watch_page(self, changes: ChangeSet) -> None:
        """The text has changed: the other cursors stand elsewhere."""
        super()._watch_page(changes)
        if self.others:
            self.stand_at(many.carried(self.others, changes))

    def _chosen(self) -> core.Selection:
        """The selection in characters."""
        self._tell_page_selection()
        return self.page.selection

    # Spans, for the app

    def selected_span(self) -> Span:
        """What is selected; an empty span at the cursor when nothing is."""
        return self.view.span(*self.selection)

    def selected_spans(self) -> tuple[Span, ...]:
        """What each cursor has selected, the first one's first."""
        return (self.selected_span(), *(one.span for one in self.others))

    def select_spans(self, spans: Sequence[Span]) -> None:
        """Select several spans; the first cursor stands at the last of them."""
        self.select_span(spans[-1])
        if len(spans) > 1:
            self.stand_at(core.Selection(span.start, span.end) for span in spans[:-1])

    def block_span(self) -> Span:
        """The lines of the block that the cursor is in, without the last newline."""
        return self.page.text.rows(*enclosing_block(self.view.lines, self.cursor_location[0]))

    def select_span(self, span: Span) -> None:
        """Select a span, with one cursor only; it stands at the end."""
        self.one_cursor()
        text = self.page.text
        self.selection = Selection(text.location(span.start), text.location(span.end))
        self.record_cursor_width()
        self.page.break_group()

    def reveal(self, span: Span) -> None:
        """Scroll as little as needed to show a span, its start first when it is too long.

        It may be asked for a moment later, when the page has less text than it had.
        """
        text = self.page.text
        first, last = (text.location(min(at, len(text)))[0] for at in (span.start, span.end))
        top, end = self.rows.y_of(first), self.rows.y_of(last) + 1
        above, height = self.scroll_offset.y, self.window.height
        if top < above or end - top > height:
            self.scroll_to(y=max(0, top - 1), animate=False)
        elif end > above + height:
            self.scroll_to(y=min(top, end + 1 - height), animate=False)

    # Several cursors

    def stand_at(self, others: Iterable[core.Selection]) -> None:
        """Have these cursors beside the first one."""
        self.others = list(others)
        at = self.page.text.location
        self.scene.others = tuple((at(one.anchor), at(one.head)) for one in self.others)
        self.refresh()

    def one_cursor(self) -> bool:
        """Have one cursor only; whether there were more."""
        several = bool(self.others)
        if several:
            self.stand_at(())
        return several

    def action_add_cursor(self, by: int) -> None:
        """One more cursor, on the line below or above."""
        more = many.beside(self.page.text, [self._chosen(), *self.others], by, self.indent_width)
        if more is not None:
            self.stand_at(many.distinct(self._chosen(), [*self.others, more]))

    def action_add_next(self) -> None:
        """Select the word; again, the next place where it stands too."""
        chosen = self._chosen()
        if chosen.anchor == chosen.head:
            word = many.word_around(self.page.text, chosen.head)
            if word is not None:
                self.select_span(word.span)
        elif more := many.next_like(self.page.text, [chosen, *self.others]):
            others = [*self.others, chosen]
            self.page.selection = more
            self._take_page_selection()
            self.stand_at(many.distinct(more, others))

    def action_add_all(self) -> None:
        """Select every place where the selection's text, or the word, stands."""
        if self._chosen().span.empty:
            self.action_add_next()
        self.stand_at(many.all_like(self.page.text, self._chosen()))

    # Moving

    def action_go(self, what: str, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """Move every cursor; a long way, only the first goes."""
        if what not in NEAR:
            self.one_cursor()
        moved = [self._gone(what, one, select=select) for one in self.others]
        getattr(self, f"action_cursor_{what}")(select)
        if moved:
            self.stand_at(many.distinct(self._chosen(), moved))

    def _gone(self, what: str, one: core.Selection, *, select: bool = False) -> core.Selection:
        """Where a cursor is after a move."""
        at, text, here = self.page.text.location, self.page.text, self.selection
        if not select and one.anchor != one.head and what in ("left", "right"):
            return core.Selection.at(one.span.start if what == "left" else one.span.end)
        self.set_reactive(PageArea.selection, Selection(at(one.anchor), at(one.head)))
        try:
            head = text.offset(*self.view.nearest(getattr(self, NEAR[what])()))
        finally:
            self.set_reactive(PageArea.selection, here)
        return core.Selection(one.anchor if select else head, head)

    def action_to_bracket(self) -> None:
        """To the other bracket of a pair; from between them, to the opening one."""
        self.one_cursor()
        pair = self.scene.brackets
        if len(pair) == 2:
            self.move_cursor(pair[1])
        elif around := growing.brackets_around(
            self.view.lines, self.cursor_location, self.highlighter.line
        ):
            self.move_cursor(around[0])

    def action_grow(self) -> None:
        """Select what is around: the word, the string, the brackets, the block, all."""
        self.one_cursor()
        old = self.selection
        if not self._steps or self._steps[-1][1] != old:
            self._steps = []
        self.selection = Selection(*growing.grown(self.view.lines, old, self.highlighter.line))
        self._steps.append((old, self.selection))

    def action_shrink(self) -> None:
        """Select what was selected before it grew."""
        if self._steps and self._steps[-1][1] == self.selection:
            self.selection = self._steps.pop()[0]

    def get_cursor_left_location(self) -> Location:
        """One character to the left, as a person counts them."""
        row, column = self.cursor_location
        if column == 0:
            return (row - 1, len(self.view.lines[row - 1])) if row else (0, 0)
        return row, preceding(self.view.lines[row], column)

    def get_cursor_right_location(self) -> Location:
        """One character to the right, as a person counts them."""
        row, column = self.cursor_location
        if column >= len(self.view.lines[row]):
            return (row + 1, 0) if row + 1 < self.view.line_count else (row, column)
        return row, following(self.view.lines[row], column)

    def _validate_selection(self, selection: Selection) -> Selection:
        """A cursor never rests within a character."""
        start, end = super()._validate_selection(selection)
        lines = self.view.lines
        return Selection(
            (start[0], settle(lines[start[0]], start[1])), (end[0], settle(lines[end[0]], end[1]))
        )

    def action_cursor_text_start(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """To the start of the text."""
        self.move_cursor((0, 0), select=select)

    def action_cursor_text_end(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """To the end of the text."""
        self.move_cursor(self.view.end, select=select)

    def action_cursor_page_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """One window up."""
        self._turn_page(-1, select=select)

    def action_cursor_page_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - an action's words are positional
        """One window down."""
        self._turn_page(1, select=select)

    def _turn_page(self, by: int, *, select: bool) -> None:
        """Scroll by a window, less one row to hold on to, and take the cursor along."""
        rows = by * max(1, self.window.height - 1)
        x, y = self._cursor_offset
        x = max(x, self.navigator.last_x_offset)
        self.scroll_relative(y=rows, animate=False)
        if 0 <= y + rows < self.rows.height:
            target = self.rows.offset_to_location(Offset(x, y + rows))
        else:
            target = self.view.start if by < 0 else self.view.end
        if target[0] == self.cursor_location[0] and self.rows.lent[1]:
            target = (max(0, min(target[0] + by, self.view.line_count - 1)), target[1])
        self.move_cursor(target, select=select, record_width=False)

    def action_scroll_lines(self, by: int) -> None:
        """Scroll without moving the cursor."""
        self.scroll_relative(y=by, animate=False)

    def action_select_line(self) -> None:
        """Select the line with its end; again, the next one too."""
        start, end = sorted(self.selection)
        row = end[0] + 1
        self.selection = Selection((start[0], 0), (row, 0) if row < self._count else self.view.end)

    def action_select_block(self) -> None:
        """Select the block that the cursor is in."""
        self.select_span(self.block_span())

    # Mouse

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        """Put the cursor there, or with ctrl one more."""
        event.prevent_default()
        if event.button not in (0, 1):
            return
        self._selecting = True
        self.capture_mouse()
        self._pause_blink(visible=False)
        self.page.break_group()
        others = [*self.others, self._chosen()] if event.ctrl else []
        self.one_cursor()
        self._mouse.down(event, self.get_target_document_location(event))
        if others:
            self.stand_at(many.distinct(self._chosen(), others))

    async def _on_mouse_move(self, event: events.MouseMove) -> None:
        """Stretch the selection, in the unit that was grabbed."""
        event.prevent_default()
        if self._selecting:
            self._mouse.stretch(self.get_target_document_location(event))
