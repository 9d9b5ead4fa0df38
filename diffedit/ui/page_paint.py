"""One row of the window: the line that stands there, what lies over it, and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

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


@dataclass
class Scene:
    """What is painted beside the text itself. The area that shows the page keeps it up to date."""

    rows: Rows
    highlighter: Highlighter
    overlay: Overlay | None = None
    brackets: tuple[Location, ...] = ()
    """The bracket at the cursor and the one it belongs to."""
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
            return self._overlay_row(place, y)
        below = area.scroll_offset.y + area.size.height - y
        self.scene.highlighter.ensure(place.row, place.row + max(below, 0))
        line = area.document.get_line(place.row)
        tokens, layers = self.scene.highlighter.line(place.row), self._layers(place)
        active = place.row == area.cursor_location[0] and area.highlight_cursor_line
        window = self._window()
        # By what it shows and not by where it stands: most rows only move when lines come and go.
        key = (line, place.section, layers, active, window)
        kept = self._strips.get(key)
        if kept is None or kept[0] != tokens:
            start, end = self._part(place)
            seen = (
                stretch
                for stretch in _moved(layers, start)
                if end is None or stretch[0] < end - start
            )
            strip = line_strip(
                shown(line)[start:end],
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

    def _window(self) -> Window:
        """Which cells of the lines are seen."""
        left = 0 if self._area.soft_wrap else self._area.scroll_offset.x
        return Window(
            left, max(0, self._area.size.width - self._area.gutter_width), self._area.indent_width
        )

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
        cursor_row, column = area.cursor_location
        if cursor_row == row and area._draw_cursor:
            end = max(column + 1, following(area.document.get_line(row), column))
            layers.append((column, end, "cursor"))
        return tuple(layers)

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
        number = str(place.row + area.line_number_start) if not place.section else ""
        mark = " "
        if place.overlay_row >= 0 and self.scene.overlay is not None:
            number = "·" if place.phantom else number
            marks = self.scene.overlay.marks
            mark = visible(marks[place.overlay_row]) if place.overlay_row < len(marks) else " "
            if len(mark) > 1:
                number = ""
        style = self.palette.gutter_active if active else self.palette.gutter
        width = area.gutter_width
        edge = f"{number + mark:>{width - 1}} "[:width]
        return Strip([Segment(edge, self.palette.base + style)], width)

    def _overlay_row(self, place: Place, y: int) -> Strip:
        """Paint one row of the overlay, and the cursor where it would stand beneath it."""
        area = self._area
        assert self.scene.overlay is not None
        rows = self.scene.overlay.rows
        row = rows[place.overlay_row] if place.overlay_row < len(rows) else Text()
        strip = overlay_strip(row, palette=self.palette, window=self._window())
        active = place.row == area.cursor_location[0] and not place.phantom
        if y == area._cursor_offset[1] and area._draw_cursor:
            cell = area._cursor_offset[0] - area.scroll_offset.x
            strip = over(strip, cell, self.palette.layers["cursor"])
        return Strip.join([self._gutter(place, active=active), strip])


def _moved(stretches: tuple[Token, ...], by: int) -> tuple[Token, ...]:
    """Stretches of a line as stretches of the piece that starts `by` columns on."""
    if not by:
        return stretches
    return tuple((max(start - by, 0), end - by, name) for start, end, name in stretches if end > by)
