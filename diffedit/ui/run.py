"""The editor from its first picture to its last word."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from diffedit.config.settings import Settings
from diffedit.core.filespec import FileSpec
from diffedit.ui import haste
from diffedit.ui.app import DiffeditApp
from diffedit.ui.tour import tour_file


def run(
    files: Sequence[FileSpec],
    settings: Settings,
    *,
    demo: bool = False,
    stdin_text: str | None = None,
) -> int:
    """Open the editor, and come back when it is closed, with the program's exit code."""
    haste.hurry()
    if demo:
        files = (tour_file(), *files)
    app = DiffeditApp(files, settings, demo=demo, stdin_text=stdin_text)
    app.heeds_signals = True
    code = app.run()
    if app.farewell:
        sys.stderr.write(app.farewell + "\n")
    return code if code is not None else app.return_code or 0
