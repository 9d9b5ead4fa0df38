"""What the desks of the editor (files, edits, reviews, models) see of the app, and nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeVar

from textual.screen import ModalScreen

from diffedit.config.settings import Settings
from diffedit.config.themes import Theme
from diffedit.ui.buffers import Buffer, Buffers
from diffedit.ui.editor import EditorView
from diffedit.ui.prompt_bar import PromptBar
from diffedit.ui.review_bar import ReviewBar
from diffedit.ui.thinking import ThinkingPanel
from diffedit.worker.client import Client

Severity = Literal["information", "warning", "error"]
T = TypeVar("T")


class Stage(Protocol):
    """The app as its desks use it."""

    settings: Settings
    look: Theme
    buffers: Buffers
    client: Client
    farewell: str
    """What is said on the terminal when the editor has gone."""

    @property
    def editor(self) -> EditorView:
        """The page on the screen."""

    @property
    def prompt(self) -> PromptBar:
        """The line for instructions."""

    @property
    def review_bar(self) -> ReviewBar:
        """The line of a review."""

    @property
    def panel(self) -> ThinkingPanel:
        """Thinking Mode."""

    def say(self, message: str, severity: Severity = "information") -> None:
        """One line for the person, in the corner of the screen."""

    async def ask(self, screen: ModalScreen[T]) -> T:
        """Put a question in the middle of the screen and wait for its answer."""

    def start(self, work: Awaitable[object]) -> None:
        """Do something in the background; what goes wrong there is said, never thrown."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a while."""

    def show_buffer(self) -> None:
        """Put the current buffer on the page."""

    def refresh_lines(self) -> None:
        """The status line and the tabs, anew."""

    def paint(self, buffer: Buffer) -> None:
        """The draft or the review of a buffer, if that is the one on the page."""

    def saw(self, what: str) -> None:
        """Something happened that the tour may be waiting for."""

    def leave(self, code: int = 0) -> None:
        """End the program."""
