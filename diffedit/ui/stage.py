"""What the desks of the editor (files, edits, reviews, models) see of the app, and nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from textual.screen import ModalScreen
    from textual.widget import Widget

    from diffedit.config.settings import Settings
    from diffedit.config.themes import Theme
    from diffedit.ui.buffers import Buffer, Buffers
    from diffedit.ui.editor import EditorView
    from diffedit.ui.look_bar import LookBar
    from diffedit.ui.prompt_bar import PromptBar
    from diffedit.ui.review_bar import ReviewBar
    from diffedit.ui.search_bar import SearchBar
    from diffedit.ui.thinking import ThinkingPanel
    from diffedit.worker.client import Client

Severity = Literal["information", "warning", "error"]
T = TypeVar("T")


class Screenful(Protocol):
    """What is on the screen, as the desks use it."""

    look: Theme
    editor: EditorView
    prompt: PromptBar
    review_bar: ReviewBar
    look_bar: LookBar
    search: SearchBar
    panel: ThinkingPanel

    def focus_on(self, widget: Widget) -> None:
        """Give the keys to a widget, from the very next one on."""

    def show_buffer(self) -> None:
        """Put the current buffer on the page."""

    def show_language(self) -> None:
        """The current buffer in the colours of its language."""

    def paint(self, buffer: Buffer) -> None:
        """The draft or the review of a buffer, if that is the one on the page."""

    def show_tree(self, root: Path, opens: Callable[[Path], None]) -> None:
        """Open the tree of files, go to it, or close it."""

    def refresh_lines(self) -> None:
        """The status line and the tabs, anew."""

    def wear(self, name: str) -> None:
        """Put on another theme. Raises RequestError for a faulty one."""

    def bare(self, work: Callable[[], None]) -> None:
        """Do something on the terminal as it is without us."""

    def saw(self, what: str) -> None:
        """Something happened that the tour may be waiting for."""


class Heeds(Protocol):
    """What wants to know of files that are saved."""

    def shown(self) -> None:
        """The current buffer is on the page, or is to be indented in another way."""

    def saving(self, buffer: Buffer) -> None:
        """A text is about to be written: the last moment to change it."""

    def saved(self, buffer: Buffer) -> None:
        """A text was written."""


class Stage(Protocol):
    """The app as its desks use it."""

    settings: Settings
    buffers: Buffers

    @property
    def hooks(self) -> Heeds:
        """Who is told what happens to files."""

    @property
    def client(self) -> Client:
        """The model's worker."""

    @property
    def window(self) -> Screenful:
        """What is on the screen."""

    @property
    def quiet(self) -> bool:
        """Whether no question stands on the screen."""

    def say(self, message: str, severity: Severity = "information") -> None:
        """One line for the person, in the corner of the screen."""

    async def ask(self, screen: ModalScreen[T]) -> T:
        """Put a question in the middle of the screen and wait for its answer."""

    def start(self, work: Awaitable[object]) -> None:
        """Do something in the background; what goes wrong there is said, never thrown."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a while."""

    def leave(self, code: int = 0) -> None:
        """End the program."""
