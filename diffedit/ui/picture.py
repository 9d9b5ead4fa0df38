"""A picture of the screen, as an SVG file: for a README, a bug report, a friend."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from textual.app import App

from diffedit.core.errors import FileError

_FETCHED_FONT = re.compile(r"@font-face\s*\{[^}]*\}\s*")
"""A picture opened by a friend must not load anything from the net; any monospace font will do."""


def save_picture(app: App[int], folder: Path) -> Path:
    """Draw the screen as it is into a new file of `folder`. Raises FileError."""
    drawing = _FETCHED_FONT.sub("", app.export_screenshot(title="diffedit"))
    for number in count(1):
        path = folder / f"diffedit-{number}.svg"
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(drawing)
        except FileExistsError:
            continue
        except OSError as error:
            raise FileError(f"No picture could be saved in {folder}: {error.strerror}.") from error
        return path
    raise AssertionError
