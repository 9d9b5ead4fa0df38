"""Which line stands on which row of the screen: wrapping, and rows lent to an overlay."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate, zip_longest
from typing import NamedTuple

from rich.text import Text
from textual._wrap import compute_wrap_offsets
from textual.document._document import DocumentBase, Location
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from diffedit.ui.cells import column_at, width_before
from diffedit.ui.page_view import shown


@dataclass(frozen=True, slots=True)
class Overlay:
    """Rows painted in place of some lines of the page. The page itself does not move."""

    first_row: int
    """The first line of the page that is covered, from 0."""
    last_row: int
    """The last line of the page that is covered, itself included."""
    rows: tuple[Text, ...]
    """What is painted there; there may be more or fewer rows than lines covered."""
    minimum: int = 1
    """At least so many rows are kept, so that the lines below do not jump while a run is live."""
    marks: tuple[str, ...] = ()
    """One character for the edge of each row, painted beside the line numbers; may be shorter."""
    lines: Mapping[int, int] = field(default_factory=dict)
    """Of some rows, which covered line is seen there as it is, counted from the first of them."""
    caret: bool = False
    """Whether it has a cursor of its own, so that the page's is not painted."""

    @property
    def height(self) -> int:
        """How many rows it takes on the screen."""
        return max(1, self.minimum, len(self.rows))

    @property
    def pictures(self) -> list[object]:
        """What each row looks like, to compare with; Rich compares no base style."""
        looks = [(row, row.style, self.lines.get(at)) for at, row in enumerate(self.rows)]
        return list(zip_longest(looks, self.marks, fillvalue=None))


class Place(NamedTuple):
    """What stands on one row of the screen."""

    row: int
    """The line of the page; under an overlay, the covered line nearest to it."""
    section: int
    """Which piece of a wrapped line."""
    overlay_row: int
    """Which row of the overlay, or -1 where the page itself is seen."""
    phantom: bool
    """Whether the row exists on the screen only."""


class Rows(WrappedDocument):
    """Maps lines to screen rows and back. Unwrapped, it costs nothing to build or to edit."""

    def __init__(self, document: DocumentBase, width: int = 0, tab_width: int = 4) -> None:
        self._overlay: tuple[int, int, int] | None = None
        self._breaks: list[list[int]] = []
        self._tops: list[int] = []
        super().__init__(document, width, tab_width)

    @property
    def wrapped(self) -> bool:
        """Whether lines may be cut into pieces."""
        return bool(self._width)

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Set the width to wrap at; 0 for no wrapping."""
        self._width = width
        self._tab_width = tab_width or self._tab_width
        self._breaks = [self._breaks_of(line) for line in self.document.lines] if width else []
        self._measure()

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Take note that the lines from start to old_end became start to new_end."""
        if not self._width:
            return
        lines = self.document.lines[start[0] : new_end[0] + 1]
        self._breaks[start[0] : old_end[0] + 1] = [self._breaks_of(line) for line in lines]
        self._measure()

    def lend(self, overlay: Overlay | None) -> None:
        """Lend the rows of some lines to an overlay, or take them back."""
        if overlay is None:
            self._overlay = None
            return
        last = len(self.document.lines) - 1
        first_row = max(0, min(overlay.first_row, last))
        last_row = max(first_row, min(overlay.last_row, last))
        top = self._base(first_row, 0)
        covered = self._base(last_row, len(self.get_offsets(last_row))) - top + 1
        self._overlay = top, covered, overlay.height

    @property
    def lent(self) -> tuple[int, int]:
        """The screen rows of the overlay, the last one not included; (0, 0) without one."""
        return (self._overlay[0], self._overlay[0] + self._overlay[2]) if self._overlay else (0, 0)

    @property
    def height(self) -> int:
        """How many rows all takes on the screen."""
        more = self._overlay[2] - self._overlay[1] if self._overlay else 0
        return (self._tops[-1] if self._width else len(self.document.lines)) + more

    def at(self, y: int) -> Place:
        """What stands on a row of the screen; the nearest if there is no such row."""
        y = max(0, min(y, self.height - 1))
        top, end = self.lent
        if not top <= y < end:
            base = y if y < top or not self._overlay else y - end + top + self._overlay[1]
            return Place(*self._line(base), -1, phantom=False)
        assert self._overlay is not None
        covered = self._overlay[1]
        base = top + min(y - top, covered - 1)
        return Place(*self._line(base), y - top, phantom=y - top >= covered)

    def through(self, overlay: Overlay | None, place: Place) -> Place | None:
        """The line of the page that an overlay shows as it is; None where it paints its own."""
        line = overlay.lines.get(place.overlay_row) if overlay is not None else None
        if overlay is None or line is None or overlay.first_row + line >= len(self.document.lines):
            return None
        return Place(overlay.first_row + line, 0, place.overlay_row, phantom=False)

    def y_of(self, row: int, section: int = 0) -> int:
        """The screen row of a piece of a line; under an overlay, the nearest of its rows."""
        base = self._base(row, section)
        if self._overlay is None:
            return base
        top, covered, height = self._overlay
        if base < top:
            return base
        if base < top + covered:
            return top + min(base - top, height - 1)
        return base - covered + height

    def offset_to_location(self, offset: Offset) -> Location:
        """The place in the page under a cell of the screen; the nearest one if there is none."""
        place = self.at(offset[1])
        return place.row, self.get_target_document_column(place.row, offset[0], place.section)

    def location_to_offset(self, location: Location) -> Offset:
        """The cell of a place in the page; the nearest one's if there is no such place."""
        row = max(0, min(location[0], len(self.document.lines) - 1))
        line = shown(self.document.lines[row])
        column = max(0, min(location[1], len(line)))
        breaks = self.get_offsets(row)
        section = bisect_right(breaks, column)
        start = breaks[section - 1] if section else 0
        cell = width_before(line[start:] if start else line, column - start, self._tab_width)
        return Offset(cell, self.y_of(row, section))

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        """The column of a line under a cell; `y_offset` says in which piece of it."""
        sections = self.get_sections(line_index)
        section = y_offset % len(sections)
        start = self.get_offsets(line_index)[section - 1] if section else 0
        column = column_at(sections[section], max(0, x_offset), self._tab_width)
        if section < len(sections) - 1:
            column = min(column, len(sections[section]) - 1)
        return start + column

    def get_sections(self, line_index: int) -> list[str]:
        """The pieces of a line, as they are painted."""
        line = shown(self.document.lines[line_index])
        breaks = self.get_offsets(line_index)
        if not breaks:
            return [line]
        edges = [0, *breaks, len(line)]
        return [line[edges[i] : edges[i + 1]] for i in range(len(edges) - 1)]

    def get_offsets(self, line_index: int) -> list[int]:
        """The columns at which a line is cut."""
        return self._breaks[line_index] if self._width else []

    def get_tab_widths(self, line_index: int) -> list[int]:
        """The cells that each tab of a line takes."""
        line, widths = shown(self.document.lines[line_index]), []
        for column, character in enumerate(line):
            if character == "\t":
                left = width_before(line, column, self._tab_width)
                widths.append(self._tab_width - left % self._tab_width)
        return widths

    def _breaks_of(self, line: str) -> list[int]:
        """Where a line is cut to fit the width."""
        return compute_wrap_offsets(shown(line), self._width, self._tab_width)

    def _measure(self) -> None:
        """Find the first row of every line, when lines are wrapped."""
        counts = (len(breaks) + 1 for breaks in self._breaks)
        self._tops = list(accumulate(counts, initial=0)) if self._width else []

    def _base(self, row: int, section: int) -> int:
        """The row of a piece of a line if there were no overlay."""
        return self._tops[row] + section if self._width else row

    def _line(self, base: int) -> tuple[int, int]:
        """The line and piece on a row, if there were no overlay."""
        if not self._width:
            return base, 0
        row = min(bisect_right(self._tops, base) - 1, len(self._breaks) - 1)
        return row, base - self._tops[row]
