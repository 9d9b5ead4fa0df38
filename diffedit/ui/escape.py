"""What Esc does: one level back, and never more than one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffers
    from diffedit.ui.editing import Editing
    from diffedit.ui.looking import Looking
    from diffedit.ui.model_room import ModelRoom
    from diffedit.ui.reviewing import Reviewing
    from diffedit.ui.searching import Searching
    from diffedit.ui.stage import Screenful


class Levels(Protocol):
    """The app as Esc sees it."""

    buffers: Buffers
    editing: Editing
    models: ModelRoom
    looking: Looking
    reviewing: Reviewing
    searching: Searching

    @property
    def window(self) -> Screenful:
        """What is on the screen."""


async def one_level_back(app: Levels) -> None:
    """Close the bar, cancel the run, stop fetching, drop the review: the first that there is."""
    window, edit = app.window, app.buffers.current.edit
    bar = window.look_bar if edit.looking else window.review_bar
    looked_at = edit.looking or edit.review is not None
    if window.prompt.display:
        window.prompt.close()
    elif window.editor.has_focus and window.editor.one_cursor():
        pass  # the others were what was in the way
    elif app.searching.escape():
        pass  # the keys went to the search bar, so that one was meant
    elif app.editing.running is not None:
        await app.editing.cancel()
    elif app.models.pulling:
        app.models.stop_pulling()
    elif app.searching.escape(anyway=True):
        pass
    elif looked_at and not bar.has_focus:
        window.focus_on(bar)
    elif edit.looking:
        app.looking.back()
    elif looked_at:
        app.reviewing.back()
    else:
        window.focus_on(window.editor)
