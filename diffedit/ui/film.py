"""A run as an animated SVG in the theme's colours."""

from __future__ import annotations

from pathlib import Path

from diffedit.config.themes import Theme, film_look
from diffedit.core.edit import Link
from diffedit.core.film_svg import animated
from diffedit.worker.tape import new_file


def save_film(link: Link, folder: Path, theme: Theme, pace: int) -> Path:
    """Draw it into a new file of `folder`. Raises FileError."""
    figures = link.draft.figures
    title = " · ".join(part for part in (link.instruction, figures.model) if part)
    drawing = animated(link.film, film_look(theme), title=title, per_second=pace)
    return new_file(folder, "diffedit-film", ".svg", drawing.encode("utf-8"))
