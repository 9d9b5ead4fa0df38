"""The page as a plugin's command sees it."""

from __future__ import annotations

from pathlib import Path

from diffedit.config import plugins
from diffedit.core.change import Change, ChangeSet
from diffedit.core.errors import RequestError
from diffedit.core.show import visible
from diffedit.core.span import Selection, Span
from diffedit.ui.buffers import Buffer
from diffedit.ui.stage import Stage


class PluginDesk:
    """What `api.CommandContext` promises, over a buffer; the current one, if none is named."""

    def __init__(self, stage: Stage, buffer: Buffer | None = None) -> None:
        self._stage = stage
        self._buffer = buffer or stage.buffers.current

    @property
    def text(self) -> str:
        """The whole page."""
        return str(self._buffer.page.text)

    @property
    def selection(self) -> Span:
        """What is selected; an empty span at the cursor when nothing is."""
        if self._buffer is not self._stage.buffers.current:
            return self._buffer.page.selection.span
        return self._stage.window.editor.selected_span()

    @property
    def language(self) -> str:
        """The page's language by Pygments' name; "" if unknown."""
        return self._buffer.language

    @property
    def path(self) -> Path | None:
        """The page's file; None for a page without one."""
        return self._buffer.path

    def replace(self, span: Span, text: str) -> None:
        """Put `text` in place of `span` and select it: one change, one undo."""
        page = self._buffer.page
        if span.end > len(page.text):
            raise RequestError("The plugin named a place past the end of the text.")
        page.break_group()
        selection = Selection(span.start, span.start + len(text))
        page.apply(ChangeSet((Change(span, text),)), selection=selection)
        page.break_group()

    def notify(self, message: str) -> None:
        """Tell the person something in one line."""
        self._stage.say(visible(message))

    def run(self, name: str) -> None:
        """Run a plugin's command on this page. Raises DiffeditError."""
        for plugin in plugins.commands():
            if plugin.name == name:
                plugin.run(self)
                return
        raise RequestError(f"No command of a plugin named {name!r}.")
