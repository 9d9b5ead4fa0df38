"""What Esc does: one level back, and never more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffers
    from diffedit.ui.editing import Editing
    from diffedit.ui.model_room import ModelRoom
    from diffedit.ui.reviewing import Reviewing
    from diffedit.ui.searching import Searching
    from diffedit.ui.stage import Screenful


class Levels(Protocol):
    """The app as Esc sees it."""

    buffers: Buffers
    editing: Editing
    models: ModelRoom
    reviewing: Reviewing
    searching: Searching

    @property
    def window(self) -> Screenful:
        """What is on the screen."""


async def one_level_back(app: Levels) -> None:
    """Close the bar, cancel the run, stop fetching, drop the review: the first that there is."""
    window, review = app.window, app.buffers.current.review
    if window.prompt.display:
        window.prompt.close()
    elif app.searching.escape():
        pass  # the keys went to the search bar, so that one was meant
    elif app.editing.running is not None:
        await app.editing.cancel()
    elif app.models.pulling:
        app.models.stop_pulling()
    elif app.searching.escape(anyway=True):
        pass
    elif review is not None and not window.review_bar.has_focus:
        window.focus_on(window.review_bar)
    elif review is not None:
        app.reviewing.drop()
    else:
        window.focus_on(window.editor)
