"""The desk for the theme that is worn: put on anew when its file is saved, by us or by another."""

from __future__ import annotations

from pathlib import Path

from diffedit.config import themes
from diffedit.core.errors import RequestError
from diffedit.core.files import Stamp, stamp
from diffedit.ui.stage import Stage


class Dressing:
    """Knows the files of the theme that is worn."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._seen: dict[Path, Stamp | None] = {}
        self._named = ""

    def look(self) -> None:
        """Wear the theme anew if one of its files is another; what is wrong in it is one line."""
        window = self._stage.window
        try:
            now = {path: stamp(path) for path in themes.sources(window.look.name)}
        except RequestError:
            now = {path: stamp(path) for path in self._seen}
        known = self._named == window.look.name
        before, self._seen, self._named = self._seen, now, window.look.name
        if not known or now == before:
            return
        try:
            window.wear(window.look.name)
        except RequestError as error:
            self._stage.say(str(error), "error")
            return
        self._stage.window.saw("dressed")
