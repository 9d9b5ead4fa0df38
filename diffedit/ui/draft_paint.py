"""A live draft as rows of styled text: what the model sees of the span, at one step.

A pure function of the draft. State is never shown by colour alone: noise is dim and slanted,
kept text is underlined, and each row carries a mark for what is still open in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text

from diffedit.config.themes import Theme
from diffedit.core.draft import Draft, Piece, PieceState
from diffedit.core.sections import rows_between
from diffedit.core.show import visible

MARKS: dict[PieceState, str] = {"noise": "░", "accepted": "▌", "kept": "▐"}
"""What the edge of a row says: something is unsettled, all is accepted, all is kept."""

_BY_SHAPE: dict[PieceState, Style] = {
    "noise": Style(dim=True, italic=True),
    "accepted": Style(),
    "kept": Style(underline=True),
}
"""What a state adds to whatever colours the theme gives it, so that it shows without colour."""

_ORDER: tuple[PieceState, ...] = ("noise", "accepted", "kept")
"""From the least settled to the most."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows of styled text that stand in for the span's rows, and a mark for the edge of each."""

    rows: tuple[Text, ...]
    marks: tuple[str, ...]
    lines: Mapping[int, int] = field(default_factory=dict)
    """Of the rows that the page itself shows best: which of the span's rows each is."""

    def __post_init__(self) -> None:
        """Each row has its mark."""
        assert len(self.rows) == len(self.marks)


def draft_style(theme: Theme, state: PieceState) -> Style:
    """How a piece of this state looks: the theme's colours, and a shape that needs no colour."""
    return Style.parse(theme.draft.get(state, "none")) + _BY_SHAPE[state]


def denoising(draft: Draft, *, left: str, right: str, theme: Theme, tab: int = 4) -> Picture:
    """The draft as it is at this step.

    `left` is what stands before the span on its first row, `right` what stands after it on its
    last; both belong to the page and are painted as they are.
    """
    text = Text(visible(left))
    lines: list[list[PieceState]] = [[]]
    for piece in draft.pieces or (Piece(draft.original, "noise"),):
        style = draft_style(theme, piece.state)
        for number, part in enumerate(piece.text.split("\n")):
            if number:
                text.append("\n")
                lines.append([])
            if part:
                text.append(visible(part), style)
                lines[-1].append(piece.state)
    text.append(visible(right))
    if draft.hand is not None and draft.hand.caret is not None:
        before = visible(left) + visible(draft.hand.text[: draft.hand.caret])
        text = _with_caret(text, len(before))
    marks = [_mark(states) for states in lines]
    own = rows_between(draft.original, draft.between, draft.text) if draft.between else {}
    for row in own:
        marks[row] = " "
    return Picture(as_rows(text, tab), tuple(marks), own)


def _with_caret(text: Text, at: int) -> Text:
    """The text with a cursor on a character, or on a blank where a line ends."""
    if text.plain[at : at + 1] in ("", "\n"):
        text = text[:at] + Text(" ") + text[at:]
    text.stylize(Style(reverse=True), at, at + 1)
    return text


def _mark(states: list[PieceState]) -> str:
    """A row is as settled as its least settled piece; an empty row has nothing open."""
    accepted: PieceState = "accepted"
    return MARKS[min(states, key=_ORDER.index, default=accepted)]


def as_rows(text: Text, tab: int) -> tuple[Text, ...]:
    """A text of many lines, one row each, with tabs widened."""
    lines = text.split("\n", allow_blank=True)
    for line in lines:
        line.no_wrap, line.end = True, ""
        line.expand_tabs(tab)
    return tuple(lines)
