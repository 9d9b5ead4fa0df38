"""The terminal as the editor's screen: stderr, which is where Textual draws."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def screen_on_stderr() -> Iterator[None]:
    """Have the terminal on stderr, as something that can be drawn on to the end.

    `2>errors.log` would swallow the whole screen. And a window that is closed must not end the
    thread that draws: the editor would wait for it for ever, the model in memory.
    """
    streams = sys.stderr, sys.__stderr__
    sys.stderr.flush()
    kept = os.dup(2)
    if not os.isatty(2):
        os.dup2(1, 2)
    screen = io.TextIOWrapper(
        io.BufferedWriter(_Screen(2, "wb", closefd=False)),
        encoding=sys.stderr.encoding,
        errors=sys.stderr.errors,
    )
    sys.stderr = sys.__stderr__ = screen  # type: ignore[misc] # what Textual takes
    try:
        yield
    finally:
        screen.flush()
        sys.stderr, sys.__stderr__ = streams  # type: ignore[misc] # as it was
        os.dup2(kept, 2)
        os.close(kept)


class _Screen(io.FileIO):
    """Takes what is written even when there is no one left to see it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)
