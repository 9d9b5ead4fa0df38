"""`diffedit replay` without a screen: the film as an SVG, or each step as text."""

from __future__ import annotations

from pathlib import Path

from diffedit.config import themes
from diffedit.core.edit import Link
from diffedit.core.errors import FileError
from diffedit.core.film_svg import animated
from diffedit.headless.output import CHANGED, Output


def write_svg(link: Link, path: Path, output: Output, *, per_second: float) -> int:
    """Draw the film into a file that is not there yet. Raises FileError."""
    drawing = animated(
        link.film, themes.film_look(themes.load("ink")), title=title(link), per_second=per_second
    )
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(drawing)
    except FileExistsError as error:
        raise FileError(f"{path} is there already.", hint="Name another file.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error
    output.note(f"wrote {path}: {len(link.film)} steps.")
    return CHANGED


def write_steps(link: Link, output: Output) -> int:
    """Each step as text, what is known of it above."""
    for frame in link.film.frames:
        figures = frame.figures
        accepted = "" if figures.accepted is None else f", {figures.accepted:.0%} accepted"
        nats = "" if figures.mean_entropy is None else f", {figures.mean_entropy:.3f} nats"
        output.text(f"-- step {figures.steps}{accepted}{nats}\n{frame.text}\n")
    output.text(f"-- {link.draft.figures.stop or 'the end'}\n{link.draft.text}\n")
    return CHANGED


def title(link: Link) -> str:
    """What was asked of whom."""
    figures = link.draft.figures
    return " · ".join(part for part in (link.instruction, figures.model) if part)
