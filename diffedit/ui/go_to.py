"""Go to a line: what is typed, as a place in the text."""

from __future__ import annotations

import re

from diffedit.core.errors import RequestError
from diffedit.core.span import Span
from diffedit.ui.dialogs import Line
from diffedit.ui.stage import Stage

_TYPED = re.compile(r"\s*([+-]?)([0-9]{1,18})\s*(?:[:,]\s*([0-9]{1,18})\s*)?", re.ASCII)


def place_of(typed: str, *, row: int, rows: int) -> tuple[int, int]:
    """The row and column (from 0) that `12`, `12:5`, `+3` or `-3` means.

    Args:
        typed: What a person typed; lines and columns count from 1.
        row: Where the cursor is, from 0: what `+` and `-` count from.
        rows: How many lines there are.

    Raises:
        RequestError: It is no place, or there is no such line.
    """
    match = _TYPED.fullmatch(typed)
    if match is None:
        raise RequestError("Type LINE, LINE:COLUMN, or +N or -N from here.")
    sign, number, column = match.groups()
    line = int(number) if not sign else row + 1 + int(sign + number)
    if not 1 <= line <= rows:
        lines = f"The text has {rows} lines." if rows > 1 else "The text has one line."
        raise RequestError(f"There is no line {line}.", hint=lines)
    return line - 1, max(int(column or 1) - 1, 0)


async def go_to_line(stage: Stage) -> None:
    """Ask for a line, and put the cursor there."""
    page = stage.buffers.current.page
    row = page.text.location(page.selection.head)[0]

    def reason(typed: str) -> str:
        try:
            place_of(typed, row=row, rows=len(page.text.lines))
        except RequestError as error:
            return str(error) if typed.strip() else ""
        return ""

    typed = await stage.ask(Line("Go to line (LINE, LINE:COLUMN, +N or -N)", check=reason))
    if not typed or not typed.strip():
        return
    lines = page.text.lines
    row, column = place_of(typed, row=row, rows=len(lines))
    place = page.text.offset(row, min(column, len(lines[row])))
    editor = stage.window.editor
    editor.select_span(Span(place, place))
    editor.scroll_cursor_visible(center=True)
