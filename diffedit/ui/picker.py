"""A list to pick from by typing a few letters of what is meant."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Key, Resize
from textual.widgets import Input, Static

from diffedit.core.fuzzy import Fit, best
from diffedit.core.show import one_line
from diffedit.ui.dialogs import Question

MOST = 200
"""Rows that can be walked through; who wants another one types a letter more."""


class Picker(Question[str | None]):
    """Gives what was picked, or None. What is there may come while one types already."""

    def __init__(self, title: str, names: Sequence[str] = (), *, waiting: str = "") -> None:
        """`waiting` is said as long as more names are to come; see `fill`."""
        super().__init__()
        self._title = title
        self._names = list(names)
        self._waiting = waiting
        self._fits: list[Fit] = []
        self._at = 0

    def compose(self) -> ComposeResult:
        """The title, the line, and the list under it."""
        self._line = Input(select_on_focus=False)
        self._list = Static(classes="picked")
        self._foot = Static()
        with Vertical(classes="dialog picker"):
            yield Static(Text(self._title, "bold"))
            yield self._line
            yield self._list
            yield self._foot

    def on_mount(self) -> None:
        """Show all."""
        self._look()

    def fill(self, names: Sequence[str]) -> None:
        """More names are known, and no others will come."""
        known = set(self._names)
        self._names += [name for name in names if name not in known]
        self._waiting = ""
        if self.is_mounted:
            self._look()

    def on_resize(self, event: Resize) -> None:
        """Other rows fit."""
        self._paint()

    def on_key(self, event: Key) -> None:
        """Walk through the list, pick, or leave; what is typed before the line is there counts."""
        step = {"up": -1, "down": 1, "shift+tab": -1, "tab": 1}.get(event.key)
        page = {"pageup": -1, "pagedown": 1}.get(event.key)
        if step is not None or page is not None:
            by = step if step is not None else (page or 0) * max(self._rows - 1, 1)
            self._at = max(0, min(self._at + by, len(self._fits) - 1))
            self._paint()
        elif event.key == "escape":
            self.leave(None)
        elif event.is_printable and event.character and not self._line.has_focus:
            self._line.insert_text_at_cursor(event.character)
        else:
            return
        event.stop()
        event.prevent_default()

    def on_input_changed(self) -> None:
        """Another letter: other names fit."""
        self._look()

    def on_input_submitted(self) -> None:
        """Enter."""
        if self._fits:
            self.leave(self._fits[self._at].name)

    def _look(self) -> None:
        """Find what fits."""
        self._fits = best(self._line.value, self._names, MOST)
        self._at = 0
        self._paint()

    @property
    def _rows(self) -> int:
        return max(self._list.size.height, 1)

    def _paint(self) -> None:
        """The part of the list around the one that Enter picks."""
        top = max(0, min(self._at - self._rows // 2, len(self._fits) - self._rows))
        text = Text(no_wrap=True, overflow="ellipsis")
        for number, fit in enumerate(self._fits[top : top + self._rows], top):
            row = Text(one_line(fit.name))
            for place in fit.places:
                row.stylize("bold underline", place, place + 1)
            row.pad_left(1)
            if number == self._at:
                row.stylize("reverse")
            text.append_text(row).append("\n")
        self._list.update(text)
        found = f"{len(self._names):,} names" if self._fits else "Nothing fits."
        self._foot.update(Text(self._waiting or f"{found} · enter picks · esc leaves", "dim"))
