"""One row of the window: the line that stands there, what lies over it, and its number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rich.segment import Segment
from rich.text import Text
from textual.document._document import Location
from textual.strip import Strip
from textual.widgets import TextArea

from diffedit.core.show import visible
from diffedit.ui.cells import column_at, following
from diffedit.ui.highlight import Highlighter
from diffedit.ui.lexing import Token
from diffedit.ui.page_view import shown
from diffedit.ui.paint import Layer, Palette, Window, line_strip, over, overlay_strip
from diffedit.ui.rows import Overlay, Place, Rows

MOST_STRIPS = 2_000
"""Painted rows that are kept for the next time."""


SIGNS = {"+": "added", "~": "changed", "_": "removed", "‾": "removed"}
"""What each sign of a change beside a line number is painted as."""
BLANK, TAB, END = "·", "→", "¬"
"""The signs for what is not seen else."""
BLANKS = re.compile(r"[ \t]+")


@dataclass
class Scene:
    """What is painted beside the text itself. The area that shows the page keeps it up to date."""

    rows: Rows
    highlighter: Highlighter
    overlay: Overlay | None = None
    brackets: tuple[Location, ...] = ()
    """The bracket at the cursor and the one it belongs to."""
    blanks: bool = False
    """Whether blanks, tabs and line ends are painted as signs."""
    changes: Mapping[int, str] = field(default_factory=dict)
    """The sign of each line that is not as git has it."""
    relative: bool = False
    """Whether lines are counted from the cursor's."""
    others: tuple[tuple[Location, Location], ...] = ()
    """Where more cursors are: of each, where its selection began, and where it stands."""
    matches: Callable[[int], Iterable[tuple[int, int]]] | None = None
    """The columns in a line where a search found something, in order."""


class Painter:
    """Paints the rows of a text area, and keeps each as long as it looks the same."""

    def __init__(self, area: TextArea, scene: Scene, palette: Palette) -> None:
        self.palette = palette
        self.scene = scene
        self._area = area
        self._strips: dict[tuple[object, ...], tuple[tuple[Token, ...], Strip]] = {}

    def forget(self) -> None:
        """Paint all anew the next time."""
        self._strips.clear()

    def row(self, y: int) -> Strip:
        """One row, counted from the top of the page."""
        area = self._area
        if y >= self.scene.rows.height:
            return Strip.blank(area.size.width, self.palette.base)
        place = self.scene.rows.at(y)
        if place.overlay_row >= 0:
            through = self.scene.rows.through(self.scene.overlay, place)
            if through is None:
                return self._overlay_row(place, y)
            place = through
        below = area.scroll_offset.y + area.size.height - y
        self.scene.highlighter.ensure(place.row, place.row + max(below, 0))
        line = area.document.get_line(place.row)
        tokens, layers = self.scene.highlighter.line(place.row), self._layers(place)
        active = place.row == area.cursor_location[0] and area.highlight_cursor_line
        window = self._window()
        # By what it shows and not by where it stands: most rows only move when lines come and go.
        last = place.row == len(self.scene.rows.document.lines) - 1
        key = (line, place.section, layers, active, window, self.scene.blanks and last)
        kept = self._strips.get(key)
        if kept is None or kept[0] != tokens:
            start, end = self._part(place)
            seen = (
                stretch
                for stretch in _moved(layers, start)
                if end is None or stretch[0] < end - start
            )
            strip = line_strip(
                self._signs(shown(line), last=last)[start:end],
                _moved(tokens, start),
                tuple(seen),
                palette=self.palette,
                window=window,
                active=active,
            )
            if len(self._strips) > MOST_STRIPS:
                self._strips.clear()
            kept = self._strips[key] = tokens, strip
        return Strip.join([self._gutter(place, active=active), kept[1]])

    def _signs(self, line: str, *, last: bool) -> str:
        """A line as it is shown, its blanks and its end as signs where that is wanted."""
        if not self.scene.blanks:
            return line
        return line.replace(" ", BLANK) + ("" if last else END)

    def _window(self) -> Window:
        """Which cells of the lines are seen."""
        left = 0 if self._area.soft_wrap else self._area.scroll_offset.x
        width = max(0, self._area.size.width - self._area.gutter_width)
        sign = TAB if self.scene.blanks else " "
        return Window(left, width, self._area.indent_width, sign)

    def _part(self, place: Place) -> tuple[int, int | None]:
        """The columns of the piece of a line that stands on a row."""
        breaks = self.scene.rows.get_offsets(place.row)
        start = breaks[place.section - 1] if place.section else 0
        return start, breaks[place.section] if place.section < len(breaks) else None

    def _layers(self, place: Place) -> tuple[Layer, ...]:
        """What lies over a line: selection, brackets, cursor."""
        area, row = self._area, place.row
        layers: list[Layer] = []
        (first_row, first), (last_row, last) = sorted(area.selection)
        length = len(area.document.get_line(row))
        if first_row <= row <= last_row and area.selection.start != area.selection.end:
            start = first if row == first_row else 0
            layers.append((start, last if row == last_row else length + 1, "selection"))
        layers += self._matches(place)
        layers += [
            (column, column + 1, "bracket") for at, column in self.scene.brackets if at == row
        ]
        layers += self._others(row, length)
        if self.scene.blanks:
            line = area.document.get_line(row)
            layers += [(*found.span(), "blank") for found in BLANKS.finditer(line)]
            layers.append((length, length + 1, "blank"))
        cursor_row, column = area.cursor_location
        if cursor_row == row and area._draw_cursor:
            end = max(column + 1, following(area.document.get_line(row), column))
            layers.append((column, end, "cursor"))
        return tuple(layers)

    def _others(self, row: int, length: int) -> Iterator[Layer]:
        """The other cursors and their selections, as far as they are in a line."""
        for selection in self.scene.others:
            (first_row, first), (last_row, last) = sorted(selection)
            if first_row <= row <= last_row and selection[0] != selection[1]:
                start = first if row == first_row else 0
                yield start, last if row == last_row else length + 1, "selection"
            at, column = selection[1]
            if at == row:
                end = following(self._area.document.get_line(row), column)
                yield column, max(column + 1, end), "cursor"

    def _matches(self, place: Place) -> Iterator[Layer]:
        """What a search found in the part of a line that is seen."""
        if self.scene.matches is None:
            return
        window, chosen = self._window(), sorted(self._area.selection)
        first, _ = self._part(place)
        if window.left:
            first = column_at(
                shown(self._area.document.get_line(place.row)), window.left, window.tab
            )
        for start, end in self.scene.matches(place.row):
            if start > first + 2 * window.width:
                return
            if end > first:
                whole = chosen == [(place.row, start), (place.row, end)]
                yield start, end, "match_chosen" if whole else "match"

    def _gutter(self, place: Place, *, active: bool) -> Strip:
        """The line number, and the mark of an overlay's row."""
        area = self._area
        if not area.show_line_numbers:
            return Strip([])
        number = "" if place.section else str(self._number(place.row))
        mark = " "
        if place.overlay_row >= 0 and self.scene.overlay is not None:
            lines = self.scene.overlay.lines
            hidden = place.phantom or (lines and place.overlay_row not in lines)
            number = "·" if hidden else number
            marks = self.scene.overlay.marks
            mark = visible(marks[place.overlay_row]) if place.overlay_row < len(marks) else " "
            if len(mark) > 1:
                number = ""
        style = self.palette.base + (self.palette.gutter_active if active else self.palette.gutter)
        width = area.gutter_width
        change = self.scene.changes.get(place.row, "") if place.overlay_row < 0 else ""
        if change:
            sign = Segment(change, self.palette.base + self.palette.layers[SIGNS[change]])
            edge = Segment(f"{number:>{width - 2}}", style)
            return Strip([edge, sign, Segment(" ", style)], width)
        return Strip([Segment(f"{number + mark:>{width - 1}} "[:width], style)], width)

    def _number(self, row: int) -> int:
        """The number beside a line: its own, or how far it is from the cursor's."""
        away = abs(row - self._area.cursor_location[0])
        return away if self.scene.relative and away else row + self._area.line_number_start

    def _overlay_row(self, place: Place, y: int) -> Strip:
        """Paint one row of the overlay, and the cursor where it would stand beneath it."""
        area = self._area
        assert self.scene.overlay is not None
        rows = self.scene.overlay.rows
        row = rows[place.overlay_row] if place.overlay_row < len(rows) else Text()
        strip = overlay_strip(row, palette=self.palette, window=self._window())
        active = place.row == area.cursor_location[0] and not place.phantom
        own = self.scene.overlay.caret
        if y == area._cursor_offset[1] and area._draw_cursor and not own:
            cell = area._cursor_offset[0] - area.scroll_offset.x
            strip = over(strip, cell, self.palette.layers["cursor"])
        return Strip.join([self._gutter(place, active=active), strip])


def _moved(stretches: tuple[Token, ...], by: int) -> tuple[Token, ...]:
    """Stretches of a line as stretches of the piece that starts `by` columns on."""
    if not by:
        return stretches
    return tuple((max(start - by, 0), end - by, name) for start, end, name in stretches if end > by)
