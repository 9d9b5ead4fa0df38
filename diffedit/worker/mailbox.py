"""What the worker said to one request and nobody has read yet. Of frames, only the newest."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from diffedit.worker.messages import Done, Failed, Frame, Loaded, Ready, Reply, Scores


class Mailbox:
    """The letters of one id. A frame is a whole picture, so a newer one replaces it."""

    def __init__(self, heard: Callable[[Frame], None] | None = None) -> None:
        """`heard` is told of every frame, those that nobody will read too."""
        self._heard = heard
        self._letters: deque[Reply] = deque()
        self._some = asyncio.Event()
        self.finished = asyncio.Event()
        """Set by the last letter there will be."""
        self.cancelling = False
        """A cancel is on its way."""
        self.cancellable = True

    @property
    def ended(self) -> bool:
        """Whether the last letter has come."""
        return self.finished.is_set()

    def put(self, letter: Reply) -> None:
        """Take a letter in."""
        if isinstance(letter, Frame) and self._heard is not None:
            self._heard(letter)
        if isinstance(letter, Frame) and self._letters and isinstance(self._letters[-1], Frame):
            self._letters.pop()
        self._letters.append(letter)
        self._some.set()
        if isinstance(letter, Done | Failed | Loaded | Ready | Scores):
            self.finished.set()

    async def get(self) -> Reply:
        """The oldest unread letter, when there is one."""
        while not self._letters:
            self._some.clear()
            await self._some.wait()
        return self._letters.popleft()
