"""The editor from its first picture to its last word."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from diffedit.config.settings import Settings
from diffedit.core.edit import Link
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
    return _run(DiffeditApp(files, settings, demo=demo, stdin_text=stdin_text))


def run_replay(link: Link, language: str, settings: Settings) -> int:
    """Open the editor on a saved run: its text on the page, its steps over it."""
    app = DiffeditApp((), settings, stdin_text=link.draft.original)

    def show() -> None:
        buffer = app.buffers.current
        buffer.piped, buffer.language = False, language
        app.window.show_language()
        app.looking.adopt(link)

    app.first_task = show
    return _run(app)


def _run(app: DiffeditApp) -> int:
    app.heeds_signals = True
    code = app.run(mouse=app.settings.mouse)
    if app.farewell:
        sys.stderr.write(app.farewell + "\n")
    return code if code is not None else app.return_code or 0
