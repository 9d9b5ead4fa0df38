"""A film as one animated SVG, for people to share: no script in it, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from diffedit.core.draft import Piece, PieceState
from diffedit.core.film import Film, Frame
from diffedit.core.show import visible

CELL, LINE, PAD = 8.4, 18, 14
"""Width of a character and height of a line at 14 px, and the margin, in pixels."""
MOST_FRAMES = 80
"""Frames that are drawn; of a longer film they are taken evenly."""
MOST_ROWS, MOST_COLUMNS = 60, 120
"""What is drawn of a text; more would be no picture."""
REST_S = 2.0
"""How long the last picture stands before it all begins anew, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The colours of a film, as `#rrggbb`."""

    background: str = "#1d2230"
    foreground: str = "#d8dee9"
    noise: str = "#6fb3c8"
    kept: str = "#a3be8c"
    quiet: str = "#7b8496"


def animated(film: Film, look: Look, *, title: str = "", per_second: float = 4.0) -> str:
    """The film as an SVG document that plays by itself, over and over.

    `per_second` is how many frames are shown a second. Each frame is a group that CSS makes
    visible in its turn, so it plays in a browser and in an <img>, where scripts do not run.
    """
    frames = _evenly(film.frames)
    rows = min(MOST_ROWS, max((frame.text.count("\n") + 1 for frame in frames), default=1))
    columns = min(MOST_COLUMNS, max(map(_widest, frames), default=1))
    width = max(columns, len(title) + 2, 34) * CELL + 2 * PAD
    height = (rows + 2) * LINE + 2 * PAD
    whole = len(frames) / per_second + REST_S
    drawn = "\n".join(
        _frame(frame, number, rows, f"step {frame.figures.steps or number + 1}")
        for number, frame in enumerate(frames)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">\n<title>{_text(title)}</title>\n'
        f"<style>\n{_style(look, len(frames), per_second, whole)}</style>\n"
        f'<rect width="100%" height="100%" rx="6" class="ground"/>\n'
        f'<text x="{PAD}" y="{PAD + 12}" class="q">{_text(title)}</text>\n{drawn}\n</svg>\n'
    )


def _style(look: Look, count: int, per_second: float, whole: float) -> str:
    """The colours, and for each frame when it is seen."""
    font = "14px ui-monospace, Menlo, Consolas, monospace"
    lines = [
        f"text {{ font: {font}; fill: {look.foreground}; white-space: pre; }}",
        f".ground {{ fill: {look.background}; }} .q {{ fill: {look.quiet}; }}",
        f".n {{ fill: {look.noise}; font-style: italic; opacity: 0.7; }}",
        f".k {{ fill: {look.kept}; text-decoration: underline; }}",
        f".f {{ visibility: hidden; animation: {whole:.2f}s step-end infinite; }}",
    ]
    for number in range(count):
        start = 100 * number / per_second / whole
        end = 100 * (number + 1) / per_second / whole if number + 1 < count else 100.0
        hidden = "0% { visibility: hidden; } " if number else ""
        gone = f"{end:.3f}% {{ visibility: hidden; }} " if end < 100 else ""
        lines += (
            f"@keyframes s{number} {{ {hidden}{start:.3f}% {{ visibility: visible; }} {gone}}}",
            f"#f{number} {{ animation-name: s{number}; }}",
        )
    # Where nothing moves, as in a preview, the finished text is seen.
    if count:
        lines.append(
            f"@media (prefers-reduced-motion) {{ .f {{ animation: none; }} "
            f"#f{count - 1} {{ visibility: visible; }} }}"
        )
    return "\n".join(lines) + "\n"


def _frame(frame: Frame, number: int, rows: int, label: str) -> str:
    """One picture: its lines, and below them which step it is."""
    drawn = [
        f'<text x="{PAD}" y="{PAD + 12 + (row + 1) * LINE}">{spans}</text>'
        for row, spans in enumerate(_lines(frame.pieces))
        if row < rows
    ]
    place = PAD + 12 + (rows + 1) * LINE
    drawn.append(f'<text x="{PAD}" y="{place}" class="q">{_text(label)}</text>')
    return f'<g id="f{number}" class="f">' + "".join(drawn) + "</g>"


_CLASSES: Mapping[PieceState, str] = {"noise": "n", "kept": "k"}


def _lines(pieces: Sequence[Piece]) -> Iterator[str]:
    """Each line as spans of one state."""
    line, column = "", 0
    for piece in pieces:
        for number, part in enumerate(piece.text.expandtabs(4).split("\n")):
            if number:
                yield line
                line, column = "", 0
            seen = part[: max(0, MOST_COLUMNS - column)]
            column += len(seen)
            name = _CLASSES.get(piece.state)
            inner = _text(seen)
            line += f'<tspan class="{name}">{inner}</tspan>' if name and inner else inner
    yield line


def _text(text: str) -> str:
    """A text that XML can hold and that says nothing to whoever shows it."""
    shown = visible(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
    return escape(shown, quote=False)


def _widest(frame: Frame) -> int:
    return max(len(line) for line in frame.text.expandtabs(4).split("\n"))


def _evenly(frames: Sequence[Frame]) -> Sequence[Frame]:
    """So many frames at most, the first and the last among them."""
    if len(frames) <= MOST_FRAMES:
        return frames
    last = len(frames) - 1
    return [frames[round(n * last / (MOST_FRAMES - 1))] for n in range(MOST_FRAMES)]
