"""A line, its tokens and what lies over it, as a strip of styled cells. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from diffedit.config.themes import Theme
from diffedit.core.show import JOINER, visible
from diffedit.ui.cells import column_at, following, walk, width_before
from diffedit.ui.lexing import Token

Layer = tuple[int, int, str]
"""Start column, end column, and which of the palette's `layers` lies there."""
PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Palette:
    """The theme's colours as the editor paints with them."""

    base: Style
    gutter: Style
    gutter_active: Style
    layers: dict[str, Style]
    """By name: `line` (where the cursor is), `selection`, `match` (of a search), `match_chosen`
    (the one that is selected), `bracket`, `blank` (where those are shown), `added`, `changed`,
    `removed` (signs beside the numbers), `cursor`."""
    syntax: dict[str, str]
    _styles: dict[str, Style] = field(default_factory=dict)

    @classmethod
    def of(cls, theme: Theme) -> Palette:
        """The palette of a theme."""
        ui = {key: Style.parse(value) for key, value in theme.ui.items()}
        base = Style(
            color=ui["foreground"].color or "default", bgcolor=ui["background"].color or "default"
        )
        layers = {
            "line": ui["cursor_line"],
            "selection": ui["selection"],
            "match": Style(color=ui["warning"].color, underline=True),
            "match_chosen": Style(color=ui["warning"].color, bold=True, reverse=True),
            "bracket": Style(bold=True, underline=True),
            "added": Style(color=ui["success"].color, bold=True),
            "changed": Style(color=ui["warning"].color, bold=True),
            "removed": Style(color=ui["error"].color, bold=True),
            "blank": Style(color=ui["muted"].color, dim=True),
            "cursor": ui["cursor"],
        }
        return cls(base, ui["gutter"], ui["gutter_active"], layers, dict(theme.syntax))

    def token(self, name: str) -> Style:
        """The style of a token; without one of its own, its parent's."""
        style = self._styles.get(name)
        if style is None:
            parent = name
            while parent and parent not in self.syntax:
                parent = parent.rpartition(".")[0]
            style = Style.parse(self.syntax[parent]) if parent else PLAIN
            self._styles[name] = style
        return style


@dataclass(frozen=True, slots=True)
class Window:
    """Which cells of a row are seen, and how tabs are counted."""

    left: int
    width: int
    tab: int
    sign: str = " "
    """What a tab begins with on the screen."""


def line_strip(
    line: str,
    tokens: tuple[Token, ...],
    layers: tuple[Layer, ...],
    *,
    palette: Palette,
    window: Window,
    active: bool,
) -> Strip:
    """The seen part of a line (already made safe to show), padded to the window's width."""
    base = palette.base + palette.layers["line"] if active else palette.base
    line += " "  # the cursor may rest behind the last character
    first = column_at(line, window.left, window.tab) if window.left else 0
    last = min(len(line), first + 2 * window.width)
    cells = width_before(line, first, window.tab)
    skipped = window.left - cells
    segments: list[Segment] = []
    for start, end, style in _styled(tokens, layers, (first, last), palette):
        text = line[start:end]
        if "\t" in text:
            text = _widened(text, cells, window)
        segments.append(Segment(text, base + style))
        cells += cell_len(text)
        if cells >= window.left + window.width:
            break
    return _fitted(Strip(segments), skipped, window.width, base)


def overlay_strip(row: Text, *, palette: Palette, window: Window) -> Strip:
    """The seen part of an overlay's row. Nothing in it reaches the terminal raw."""
    text = row.copy()
    text.plain = visible(text.plain).replace("\n", "␊")
    text.end = ""
    text.expand_tabs(window.tab)
    styles, segments, left = _cuts(text), [], 0
    for end, style in styles:
        segments.append(Segment(text.plain[left:end], palette.base + style))
        left = end
    return _fitted(Strip(segments), window.left, window.width, palette.base)


def over(strip: Strip, cell: int, style: Style) -> Strip:
    """The strip with the character over one cell painted over, as for a cursor."""
    if not 0 <= cell < strip.cell_length:
        return strip
    first, last = cell, cell + 1
    if not (text := strip.text).isascii():
        places = ((left, left + width) for _, _, left, width in walk(text, 1))
        first, last = next((one for one in places if one[0] <= cell < one[1]), (first, last))
    before, at, after = (
        cropped(strip, 0, first),
        cropped(strip, first, last),
        cropped(strip, last, strip.cell_length),
    )
    painted = Strip([Segment(s.text, (s.style or PLAIN) + style) for s in at])
    return Strip.join([before, painted, after])


def _fitted(strip: Strip, left: int, width: int, base: Style) -> Strip:
    """Cut off what is scrolled away, and fill up to the width."""
    return cropped(strip, left, left + width).adjust_cell_length(width, base)


def cropped(strip: Strip, left: int, right: int) -> Strip:
    """The cells from `left` to `right`. What is cut through leaves blanks.

    Textual looks at code points, and an emoji joined of several comes apart at their edges.
    """
    if JOINER not in strip.text:
        return strip.crop(left, right)
    segments, cell = list[Segment](), 0
    for text, style, _ in strip:
        part, at = "", 0
        while at < len(text):
            end = following(text, at)
            first, cell = cell, cell + cell_len(text[at:end])
            inside = max(0, min(cell, right) - max(first, left))
            whole = left <= first and cell <= right
            part += text[at:end] if whole else " " * inside
            at = end
        segments.append(Segment(part, style))
    return Strip(segments)


def _styled(
    tokens: tuple[Token, ...], layers: tuple[Layer, ...], part: tuple[int, int], palette: Palette
) -> Iterator[tuple[int, int, Style]]:
    """The stretches of one style in a part of a line, in order."""
    edges = sorted({edge for layer in layers for edge in layer[:2]})
    for start, end, style in _token_styles(tokens, part, palette):
        left = start
        for edge in edges:
            if left < edge < end:
                yield left, edge, style + _over(layers, left, palette)
                left = edge
        yield left, end, style + _over(layers, left, palette) if layers else style


def _over(layers: tuple[Layer, ...], column: int, palette: Palette) -> Style:
    """What all layers do to one column."""
    style = PLAIN
    for start, end, name in layers:
        if start <= column < end:
            style += palette.layers[name]
    return style


def _token_styles(
    tokens: tuple[Token, ...], part: tuple[int, int], palette: Palette
) -> Iterator[tuple[int, int, Style]]:
    """The tokens and the gaps between them."""
    at, last = part
    for start, end, name in tokens:
        if end <= at:
            continue
        if start >= last:
            break
        if start > at:
            yield at, start, PLAIN
            at = start
        yield at, min(end, last), palette.token(name)
        at = min(end, last)
    if at < last:
        yield at, last, PLAIN


def _cuts(text: Text) -> Iterator[tuple[int, Style]]:
    """The stretches of one style in a rich text, each by its end."""
    whole = text.style if isinstance(text.style, Style) else Style.parse(text.style or "none")
    edges = {0, len(text)}
    for span in text.spans:
        edges |= {max(0, span.start), min(len(text), span.end)}
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        style = whole
        for span in text.spans:
            if span.start <= start and span.end >= end:
                style += Style.parse(span.style) if isinstance(span.style, str) else span.style
        yield end, style


def _widened(text: str, cells: int, window: Window) -> str:
    """The text with each tab as the blanks that reach to its stop; `cells` stand before it."""
    parts: list[str] = []
    for number, piece in enumerate(text.split("\t")):
        if number:
            blanks = window.tab - cells % window.tab
            parts.append(window.sign.ljust(blanks))
            cells += blanks
        parts.append(piece)
        cells += cell_len(piece)
    return "".join(parts)
