"""The last line of the screen: the file, the place, the model, and what is going on."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from diffedit.core.show import visible

LONGEST_MODEL = 36
"""Cells for the model and its state; the place in the text must not be crowded out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the line says, part by part."""

    name: str = ""
    modified: bool = False
    read_only: bool = False
    row: int = 0
    column: int = 0
    indent: str = ""
    """What one level of indentation is: "4 spaces", "tabs of 8"."""
    form: str = ""
    """Encoding and newline form: "utf-8 LF"."""
    model: str = ""
    """The model and how it is: "small ready", "small loading 40%"."""
    doing: str = ""
    """What is going on and how to stop it; in the foreground while it lasts."""


def line(status: Status, width: int) -> Text:
    """The status as one row of exactly `width` cells; what is going on is the last to go."""
    mark = " ●" if status.modified else ""
    locked = " [read-only]" if status.read_only else ""
    left = Text(f" {visible(status.name)}{mark}{locked}", no_wrap=True, end="")
    if status.doing:
        left.append("  ")
        left.append(f" {visible(status.doing)} ", "reverse")
    place = f"{status.row + 1}:{status.column + 1}"
    parts = [place, status.indent, status.form, _shortened(visible(status.model))]
    for part in (status.indent, status.form, parts[-1], place):
        right = " · ".join(filter(None, parts))
        if left.cell_len + cell_len(right) + 3 <= width:
            break
        parts[parts.index(part)] = ""
    right = " · ".join(filter(None, parts))
    right += " " if right else ""
    left.truncate(max(width - cell_len(right), 0), overflow="ellipsis", pad=True)
    left.append(right)
    return left


def _shortened(model: str) -> str:
    """A model may be named by a long path; its end, and how the model is, say the most."""
    return model if cell_len(model) <= LONGEST_MODEL else f"…{model[-LONGEST_MODEL + 1 :]}"


class StatusBar(Widget):
    """Paints a `Status`; asked to only when it changed."""

    def __init__(self) -> None:
        super().__init__(id="status")
        self.status = Status()

    def show(self, status: Status) -> None:
        """Say something else."""
        if status != self.status:
            self.status = status
            self.refresh()

    def render(self) -> Text:
        """The line, as wide as the screen."""
        return line(self.status, self.size.width)
