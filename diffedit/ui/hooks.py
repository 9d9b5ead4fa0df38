"""What happens around a file: it is shown, edited, saved; whoever wants to know is told here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from diffedit.core.change import ChangeSet
from diffedit.core.errors import DiffeditError
from diffedit.ui import line_edits
from diffedit.ui.git_desk import GitDesk

if TYPE_CHECKING:
    from diffedit.api import CommandContext
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage


class Hooks:
    """Passes on what happens to git's desk and to the settings that ask for something then."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.git = GitDesk(stage)
        self._ready = False
        self._known: set[Buffer] = set()
        self._plugins: dict[str, tuple[Callable[[CommandContext], None], ...]] = {}

    def shown(self) -> None:
        """Another text is on the page."""
        if not self._stage.buffers.all:
            return
        buffer, settings = self._stage.buffers.current, self._stage.settings
        rules = buffer.rules
        tabs = settings.indent_with_tabs if rules.tabs is None else rules.tabs
        width = rules.width or settings.tab_width
        self._stage.window.editor.indent_as(width, with_tabs=tabs, unit=buffer.unit)
        self._stage.window.refresh_lines()
        if self._ready:
            self._opened(buffer)
            self.git.shown()

    def settle(self) -> None:
        """The first text is seen: what need not be there before may come."""
        self._ready = True
        self.shown()

    def _opened(self, buffer: Buffer) -> None:
        """What plugins do to a page that is seen for the first time."""
        if buffer not in self._known:
            self._known = {*self._stage.buffers.all} & self._known | {buffer}
            self._run("open", buffer)

    def command(self, name: str) -> None:
        """Run a plugin's command on the page. Raises DiffeditError."""
        from diffedit.ui.plugin_desk import PluginDesk  # noqa: PLC0415 - only where it is used

        PluginDesk(self._stage).run(name)

    def edited(self, changes: ChangeSet) -> None:
        """The text on the page is another."""
        self.git.page_moved(changes)

    def saving(self, buffer: Buffer) -> None:
        """A text is about to be written: the last moment to change it."""
        rules, page = buffer.rules, buffer.page
        trims = self._stage.settings.trim_on_save if rules.trim is None else rules.trim
        self._run("save", buffer)
        for wanted, tidy in ((trims, line_edits.trim), (rules.final_newline, line_edits.end)):
            edit = tidy(page.text, page.selection) if wanted else None
            if edit is not None:
                page.break_group()
                page.apply(edit.changes, selection=edit.selection)
                page.break_group()

    def saved(self, buffer: Buffer) -> None:
        """A text was written."""
        self._stage.start(self.git.look(buffer))

    def focused(self) -> None:
        """The terminal has the focus again: perhaps something was committed meanwhile."""
        if self._stage.buffers.all:
            self._stage.start(self.git.look(self._stage.buffers.current))

    def _run(self, kind: Literal["open", "save"], buffer: Buffer) -> None:
        """What plugins do to a page then. What goes wrong in one is said, and stops nothing."""
        if kind not in self._plugins:
            from diffedit.config import plugins  # noqa: PLC0415 - after the first text is seen

            self._plugins[kind] = plugins.hooks(kind)
        if not self._plugins[kind]:
            return
        from diffedit.ui.plugin_desk import PluginDesk  # noqa: PLC0415 - only where it is used

        for does in self._plugins[kind]:
            try:
                does(PluginDesk(self._stage, buffer))
            except DiffeditError as error:
                self._stage.say(str(error), "error")
