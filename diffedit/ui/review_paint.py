"""A review as rows of styled text: what goes, what comes, and word by word what differs.

A pure function of the review. Each row's mark says what it is without colour: `-` goes, `+`
comes, a blank stays; the current hunk starts with `▶`, accepted rows carry `✓`, rejected `✗`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from diffedit.config.themes import Theme
from diffedit.core.consensus import disputed
from diffedit.core.diff import Words, words
from diffedit.core.review import Review
from diffedit.core.show import visible
from diffedit.core.stretch import Stretches, clipped
from diffedit.ui.draft_paint import Picture, as_rows

DISPUTED = Style(dim=True, italic=True)
"""What not all answers say: as unsettled as noise."""
CURRENT, ACCEPTED, REJECTED, STAYS = "▶", "✓", "✗", "   "


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is around the reviewed span on its own rows, and how it is painted."""

    left: str
    """What stands before the span on its first row."""
    right: str
    """What stands after it on its last row."""
    theme: Theme
    tab: int = 4


def reviewing(review: Review, page: Page) -> tuple[Picture, int]:
    """The review as it stands, and the number of the row on which the current hunk starts."""
    old, new = review.draft.original.split("\n"), review.draft.text.split("\n")
    texts = review.draft.texts
    others = [text for text in texts if text != review.draft.text]
    apart = disputed(review.draft.text, others) if others else ()
    rows: list[tuple[str, Text]] = []
    lines: dict[int, int] = {}
    at = done = 0
    for number, hunk in enumerate(review.hunks):
        lines |= {len(rows) + n: row for n, row in enumerate(range(done, hunk.old_rows[0]))}
        rows += _same(old, done, hunk.old_rows[0], page)
        at = len(rows) if number == review.current else at
        rows += _changed(review, number, (old, new), (page, apart))
        done = hunk.old_rows[1]
    lines |= {len(rows) + n: row for n, row in enumerate(range(done, len(old)))}
    rows += _same(old, done, len(old), page)
    return Picture(tuple(row for _, row in rows), tuple(mark for mark, _ in rows), lines), at


def _same(old: Sequence[str], first: int, end: int, page: Page) -> Iterator[tuple[str, Text]]:
    """Rows that stay as they are."""
    for row in range(first, end):
        text = visible(_edged(old[row], row, len(old), page))
        yield STAYS, as_rows(Text(text), page.tab)[0]


def _edged(line: str, row: int, count: int, page: Page) -> str:
    """A row of the span with what the page has beside it."""
    return (page.left if row == 0 else "") + line + (page.right if row == count - 1 else "")


def _changed(
    review: Review,
    number: int,
    texts: tuple[list[str], list[str]],
    how: tuple[Page, Stretches],
) -> Iterator[tuple[str, Text]]:
    """The rows of one hunk: first what goes, then what comes.

    Of several answers, what only this one says is slanted and dim, what all say is solid.
    """
    page, apart = how
    hunk, verdict = review.hunks[number], review.verdicts[number]
    pointer = CURRENT if number == review.current else " "
    sign = {True: ACCEPTED, False: REJECTED, None: " "}[verdict]
    parts = [
        "\n".join(lines[slice(*rows)])
        for lines, rows in zip(texts, (hunk.old_rows, hunk.new_rows), strict=True)
    ]
    sides = words(*parts)
    for mark, side, lines, rows in zip(
        "-+", sides, texts, (hunk.old_rows, hunk.new_rows), strict=True
    ):
        if rows[0] == rows[1] or (lines == [""] and not page.left and not page.right):
            continue
        styles = _styles(page.theme, gone=mark == "-", faded=verdict is (mark == "-"))
        edges = (page.left if rows[0] == 0 else "", page.right if rows[1] == len(lines) else "")
        text = _words(side, edges, styles)
        if mark == "+":
            start = sum(len(line) + 1 for line in lines[: rows[0]]) - len(edges[0])
            for first, end in clipped(apart, start + len(edges[0]), start + len(text)):
                text.stylize(DISPUTED, first + len(edges[0]), end + len(edges[0]))
        for row in as_rows(text, page.tab):
            yield pointer + sign + mark, row
            pointer = " "


def _words(side: Sequence[Words], edges: tuple[str, str], styles: tuple[Style, Style]) -> Text:
    """One side of a hunk, its words in their styles, with what the page has beside it."""
    text = Text(visible(edges[0]))
    for word in side:
        text.append(visible(word.text), styles[word.changed])
    text.append(visible(edges[1]))
    return text


def _styles(theme: Theme, *, gone: bool, faded: bool) -> tuple[Style, Style]:
    """The style of a side's plain words and of its changed ones. Faded: that side has lost."""
    key = "removed" if gone else "added"
    base = Style.parse(theme.draft.get(key, "none"))
    base += Style(strike=True) if gone else Style.null()
    base += Style(dim=True) if faded else Style.null()
    strong = base + Style.parse(theme.draft.get(f"{key}_word", "none"))
    return base, strong + (Style(bold=True) if gone else Style(bold=True, underline=True))
