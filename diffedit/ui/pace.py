"""How often a picture may be painted: the newest always wins, the last one always comes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

OVER_SSH = 10
"""Frames a second at most where each one crosses a network."""
SAVED = 4
"""So many intervals in which nothing was painted may be made up for by painting sooner."""
NEAREST = 0.5
"""Two pictures are never nearer than this share of an interval."""


def frames_per_second(wanted: int, environment: Mapping[str, str] = os.environ) -> int:
    """What the settings ask for, less over SSH."""
    remote = environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")
    return min(wanted, OVER_SSH) if remote else wanted


class Pace:
    """Lets calls through at most so often; one that comes too early is made up for later.

    The rate holds over a few intervals, not between each two calls: those that come at the very
    rate that is allowed, but unevenly, would otherwise wait for up to an interval, all of them.
    """

    def __init__(
        self,
        rate: int,
        later: Callable[[float, Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1 / max(rate, 1)
        self._later = later
        self._clock = clock
        self._next = 0.0
        self._pending: Callable[[], None] | None = None
        self._earned = 0.0

    def offer(self, paint: Callable[[], None], *, now: bool = False) -> None:
        """Paint at once if it is time (or must be), else as soon as it is; newest wins."""
        wait = self._next - self._clock()
        if now or wait <= 0:
            self._pending = None
            self._let_through(paint)
            return
        waiting = self._pending is not None
        self._pending = paint
        if not waiting:
            self._later(wait, self._due)

    def forget(self) -> None:
        """What was put off need not be painted any more."""
        self._pending = None

    def _due(self) -> None:
        paint, self._pending = self._pending, None
        if paint is not None:
            self._let_through(paint)

    def _let_through(self, paint: Callable[[], None]) -> None:
        """Paint, and say when the next may."""
        clock = self._clock()
        self._earned = max(self._earned, clock - SAVED * self._interval) + self._interval
        self._next = max(self._earned, clock + NEAREST * self._interval)
        paint()
