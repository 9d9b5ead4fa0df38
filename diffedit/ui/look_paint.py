"""A look as rows of styled text: the tokens of a step, and under each row how unsure they are.

A pure function of the look. The eight levels of heat are bars below the tokens, so they need no
colour; noise is dim and slanted, what is pinned underlined, the token looked at is reversed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from diffedit.core.draft import PieceState
from diffedit.core.heat import BARS, level
from diffedit.core.show import visible
from diffedit.core.stretch import Stretches, touched
from diffedit.ui.cells import column_at
from diffedit.ui.draft_paint import MARKS, Picture, as_rows, draft_style
from diffedit.ui.look import Look
from diffedit.ui.review_paint import Page

HEAT_MARK = " "
NO_LINES: Mapping[int, int] = {}
_ORDER: tuple[PieceState, ...] = ("noise", "accepted", "kept")


def looking(
    look: Look, pins: Stretches, page: Page, lines: Mapping[int, int] = NO_LINES
) -> tuple[Picture, int]:
    """The look as it stands, and the number of the row with the token that is looked at.

    `lines` are the rows of the text that are no part of the edit, each with its row in the span.
    """
    text, bars, marks, at = _drawn(look, _states(look, pins), page)
    rows = as_rows(text, page.tab)
    edges = [MARKS[min(row, key=_ORDER.index, default="accepted")] for row in marks]
    edges = [" " if row in lines else edge for row, edge in enumerate(edges)]
    if not look.heat:
        return Picture(rows, tuple(edges), lines), at
    lined = list(_lined(rows, as_rows(Text(bars), page.tab), edges, lines))
    before = sum(1 for row, _, number in lined if number < at)
    own = {at: lines[number] for at, (_, _, number) in enumerate(lined) if number in lines}
    picture = Picture(tuple(row for row, _, _ in lined), tuple(mark for _, mark, _ in lined), own)
    return picture, before


def token_at(
    look: Look, page: Page, lines: Mapping[int, int], place: tuple[int, int]
) -> int | None:
    """The number of the token in a cell (row, cell) of the picture, or of the bar below it."""
    text, bars, marks, _ = _drawn(look, look.states, page)
    rows = as_rows(text.copy(), page.tab)
    numbers = list(range(len(rows)))
    if look.heat:
        edges = [HEAT_MARK] * len(marks)
        lined = _lined(rows, as_rows(Text(bars), page.tab), edges, lines)
        numbers = [number for _, _, number in lined]
    row, cell = place
    if not 0 <= row < len(numbers) or numbers[row] in lines:
        return None
    shown = text.plain.split("\n")
    at = sum(len(line) + 1 for line in shown[: numbers[row]])
    at += column_at(shown[numbers[row]], cell, page.tab)
    end = len(visible(page.left))
    for number, token in enumerate(look.tokens):
        start, end = end, end + len(visible(token.text))
        if start <= at < end:
            return number if text.plain[at] != "\n" else None
    return None


def _drawn(
    look: Look, states: Sequence[PieceState], page: Page
) -> tuple[Text, str, list[list[PieceState]], int]:
    """All tokens as one text, the bars below them, the states in each row, the row looked at."""
    text, bars = Text(visible(page.left)), " " * cell_len(visible(page.left))
    marks: list[list[PieceState]] = [[]]
    at = 0
    for number, token in enumerate(look.tokens):
        style = draft_style(page.theme, states[number])
        if number == look.at:
            style += Style(reverse=True)
            at = len(marks) - 1
        bar = BARS[level(token.nats)] if level(token.nats) else " "
        for row, part in enumerate(token.text.split("\n")):
            if row:
                text.append("\n")
                bars += "\n"
                marks.append([])
            if part:
                text.append(visible(part), style)
                bars += "".join(
                    "\t" if char == "\t" else bar * cell_len(visible(char)) for char in part
                )
                marks[-1].append(states[number])
    text.append(visible(page.right))
    return text, bars, marks, at


def _states(look: Look, pins: Stretches) -> tuple[PieceState, ...]:
    """The state of each token as it is shown: marked is noise to come, pinned is kept."""
    texts = [token.text for token in look.tokens]
    marked = touched(texts, look.marked)
    kept = touched(texts, pins) if look.last else frozenset[int]()
    return tuple(
        "noise" if n in marked else "kept" if n in kept else state
        for n, state in enumerate(look.states)
    )


def _lined(
    rows: tuple[Text, ...], bars: tuple[Text, ...], edges: list[str], lines: Mapping[int, int]
) -> Iterator[tuple[Text, str, int]]:
    """Each row, and below it its bars where it has any."""
    for number, (row, bar) in enumerate(zip(rows, bars, strict=True)):
        yield row, edges[number], number
        if bar.plain.strip() and number not in lines:
            bar.stylize("bold")
            yield bar, HEAT_MARK, number
