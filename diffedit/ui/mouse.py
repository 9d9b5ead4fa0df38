"""The mouse on the page: a click puts the cursor, two take a word, three a line, a drag goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from textual import events
from textual.document._document import Location, Selection

from diffedit.ui.blocks import word_at

if TYPE_CHECKING:
    from diffedit.ui.page_area import PageArea

CLICKS_WITHIN = 0.5
"""Seconds between two clicks that belong together."""
Unit = Literal["character", "word", "line"]


class Mouse:
    """What was clicked, and what a drag stretches."""

    def __init__(self, area: PageArea) -> None:
        self._area = area
        self.clicks: tuple[float, Location, int] = (0.0, (-1, -1), 0)
        """When and where the last click was, and the how manieth of its row."""
        self._grabbed: tuple[Unit, tuple[Location, Location]] = ("character", ((0, 0), (0, 0)))

    def down(self, event: events.MouseDown, target: Location) -> None:
        """Put the cursor there; twice takes the word, three times the line; shift goes on."""
        area, now = self._area, time.monotonic()
        at, place, count = self.clicks
        count = count % 3 + 1 if now - at < CLICKS_WITHIN and place == target else 1
        self.clicks = now, target, count
        unit: Unit = ("character", "word", "line")[count - 1]
        if event.x < area.gutter_width:
            unit = "line"
        if event.shift and unit == "character":
            start = area.selection.start
            self._grabbed = unit, (start, start)
        else:
            self._grabbed = unit, self._around(target, unit)
        self.stretch(target)

    def stretch(self, target: Location) -> None:
        """Select from what was grabbed to the place under the mouse."""
        unit, (first, last) = self._grabbed
        start, end = self._around(target, unit)
        if start < first:
            self._area.selection = Selection(last, start)
        else:
            self._area.selection = Selection(first, max(end, last))

    def _around(self, place: Location, unit: Unit) -> tuple[Location, Location]:
        """The word or the line around a place, or the place itself."""
        view = self._area.view
        row, column = place
        if unit == "word":
            start, end = word_at(view.lines[row], column)
            return (row, start), (row, end)
        if unit == "line":
            return (row, 0), (row + 1, 0) if row + 1 < view.line_count else view.end
        return place, place
