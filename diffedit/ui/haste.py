"""What Textual waits for by default, and a person at the keys should not."""

from __future__ import annotations

import gc
import os
from typing import Any
from weakref import WeakSet

from textual import constants, events, screen
from textual.app import App

PAINTS = 200
"""So often in a second the screen may be painted anew, where Textual's own 60 cost each key and
each picture up to 17 ms of waiting for more to change."""
_dressed: WeakSet[App[Any]] = WeakSet()


def hurry() -> None:
    """Be quick with keys and paint, unless the environment says otherwise."""
    if "ESCDELAY" not in os.environ:
        # Esc cancels: it must not wait long for the rest of a key's sequence.
        constants.ESCAPE_DELAY = 0.025  # type: ignore[misc] # read at each Esc, set before the first
    if "TEXTUAL_FPS" not in os.environ:
        screen.UPDATE_PERIOD = 1 / PAINTS  # type: ignore[misc] # read when a screen is first painted


def put_on_colours(app: App[Any], animate: bool = True) -> None:  # noqa: FBT001, FBT002 - Textual's own
    """All in other colours. Textual does so at every start, too, when all is in them already."""
    if app in _dressed:
        App.refresh_css(app, animate)
    _dressed.add(app)


class Dressed(screen.Screen[None]):
    """The first screen: what is on it has put on its colours one by one when it is first shown."""

    _seen = False

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Textual dresses all of it anew each time that it is shown, the first time included."""
        event.refresh_styles, self._seen = self._seen, True


def first_screen(_: App[Any]) -> screen.Screen[None]:
    """An app's first screen, under the name that it has in Textual."""
    return Dressed(id="_default")


COLOURS = put_on_colours, first_screen
"""Two methods of an app, in the place of Textual's own."""


def collect_from_now_on() -> None:
    """What the start has made stays to the end: looking through it again would cost frames."""
    gc.freeze()
    gc.enable()
