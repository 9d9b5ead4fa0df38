"""Keys in the order in which they were pressed, however fast they come; sizes likewise.

Textual hands a key to the focused widget's queue and looks for bindings at another time, so that
a burst ("x", ctrl+s) may save before it types. Here each key is done before the next is looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil

from textual.events import Key, Resize
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Input, TextArea

PATIENCE = 1.0
"""Seconds after which a widget that does not come to an end no longer holds up the keys."""


async def drained(widget: Widget | None) -> None:
    """Come back when the widget has dealt with all that it was given so far."""
    if widget is None or not widget.is_attached:
        return
    done = asyncio.Event()
    if widget.call_later(done.set):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), PATIENCE)


JOINERS = frozenset("\u200c\u200d")
"""What keyboards of some scripts send, and what stands within an emoji: text, though unseen."""


def is_typing(event: Key, focused: Widget | None) -> bool:
    """Whether a key is a character for a text, and no command."""
    return is_text(event) and isinstance(focused, TextArea | Input)


def is_text(event: Key) -> bool:
    """Whether a key stands for its character; an old terminal's alt+k comes with a "k" too."""
    written = event.is_printable or event.character in JOINERS
    return written and not event.key.startswith(("alt+", "ctrl+", "super+"))


def as_it_is(event: Resize) -> Resize:
    """The event, with the size that the terminal has by now.

    Where one change of size chases another, the signal's handler is broken in upon by itself, and
    the older size is told last.
    """
    size = Size(*shutil.get_terminal_size())
    return event if event.size == size else Resize(size, size)
