"""An app that is nothing but an editor, for the tests of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import quick  # noqa: F401 - before the first app is made
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.pilot import Pilot

from diffedit.config import themes
from diffedit.core.document import Document
from diffedit.ui import haste
from diffedit.ui.editor import EditorView

APP_KEYS = (*("escape", "f1", "f6", "f7", "f8"), *(f"ctrl+{letter}" for letter in "ktrsoqpgf"))
CHARACTERS = {"space": " ", "enter": "\r", "tab": "\t", "backspace": "\x7f"}


class EditorApp(App[None]):
    """One editor, and a record of what reached the app."""

    ENABLE_COMMAND_PALETTE = False
    get_default_screen = haste.first_screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"heard('{key}')", show=False) for key in APP_KEYS
    ]

    def __init__(self, text: str = "", *, language: str = "python", theme: str = "ink") -> None:
        super().__init__()
        self.page = Document(text, clock=lambda: 0.0)
        self.editor = EditorView(self.page, theme=themes.load(theme), language=language)
        self.editor.cursor_blink = False
        self.heard: list[str] = []
        self.seen: list[Message] = []

    def compose(self) -> ComposeResult:
        """The editor."""
        yield self.editor

    def action_heard(self, key: str) -> None:
        """A key came through."""
        self.heard.append(key)

    def on_editor_view_edited(self, message: EditorView.Edited) -> None:
        """The text changed."""
        self.seen.append(message)

    def on_editor_view_moved(self, message: EditorView.Moved) -> None:
        """The cursor moved."""
        self.seen.append(message)

    def on_editor_view_clipped(self, message: EditorView.Clipped) -> None:
        """Something was copied."""
        self.seen.append(message)


@asynccontextmanager
async def editing(
    text: str = "",
    *,
    language: str = "python",
    size: tuple[int, int] = (80, 24),
    theme: str = "ink",
) -> AsyncIterator[tuple[EditorView, Pilot[None]]]:
    """An editor on a text, with the focus."""
    app = EditorApp(text, language=language, theme=theme)
    async with app.run_test(size=size) as pilot:
        app.editor.focus()
        await pilot.pause()
        yield app.editor, pilot


async def press(editor: EditorView, *keys: str) -> None:
    """Hand keys straight to the editor: as a terminal would, without its waits."""
    for key in keys:
        bound = editor._bindings.key_to_bindings.get(key)
        if bound:
            await editor.run_action(bound[0].action)
        else:
            character = CHARACTERS.get(key, key if len(key) == 1 else None)
            await editor._on_key(events.Key(key, character))


def screen(editor: EditorView) -> list[str]:
    """What is painted, row by row, without the blanks at the ends."""
    return [editor.render_line(y).text.rstrip() for y in range(editor.size.height)]


def lines_of(editor: EditorView) -> list[str]:
    """What is painted of the text: without line numbers."""
    width = editor.gutter_width
    return [row[width:] for row in screen(editor)]


def painted(editor: EditorView) -> list[str]:
    """What stands on the terminal, by what was repainted and what was left."""
    width, height = editor.window
    strips = editor.screen._compositor.render_strips()[:height]
    return [strip.crop(0, width).text.rstrip() for strip in strips]


def app_of(pilot: Pilot[None]) -> EditorApp:
    """The app of a pilot."""
    assert isinstance(pilot.app, EditorApp)
    return pilot.app
