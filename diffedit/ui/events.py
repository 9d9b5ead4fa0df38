"""Messages between the widgets and the app. A widget says what happened; the app decides."""

from __future__ import annotations

from textual.message import Message

from diffedit.engine.task import Mode


class PromptSent(Message):
    """An instruction was sent off with Enter."""

    def __init__(
        self,
        instruction: str,
        mode: Mode,
        *,
        noise: float | None = None,
        pins: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__()
        self.instruction = instruction
        self.mode = mode
        self.noise = noise
        self.pins = pins


class PromptClosed(Message):
    """The prompt bar was left without sending."""


class TabPicked(Message):
    """A buffer was picked in the strip of tabs."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
