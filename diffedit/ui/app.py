"""The editor: what is on the screen, and which desk does what. No logic of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar, cast

from textual.app import App, ComposeResult
from textual.binding import BindingsMap
from textual.containers import Horizontal
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from diffedit.config import paths, themes
from diffedit.config.settings import Settings
from diffedit.core.document import Document
from diffedit.core.errors import DiffeditError
from diffedit.core.filespec import FileSpec
from diffedit.core.show import visible
from diffedit.ui import commands, last_words
from diffedit.ui.buffers import Buffer, Buffers, Tabs
from diffedit.ui.dialogs import Help
from diffedit.ui.editing import Editing
from diffedit.ui.editor import EditorView
from diffedit.ui.events import PromptSent, TabPicked
from diffedit.ui.filing import Filing
from diffedit.ui.keys import bindings
from diffedit.ui.model_room import ModelRoom
from diffedit.ui.overlays import overlay_of, reveal_row
from diffedit.ui.palette import Palette
from diffedit.ui.plugin_desk import PluginDesk
from diffedit.ui.prompt_bar import PromptBar
from diffedit.ui.prompt_history import PromptHistory
from diffedit.ui.review_bar import ReviewBar
from diffedit.ui.reviewing import Reviewing
from diffedit.ui.stage import Severity
from diffedit.ui.status import StatusBar
from diffedit.ui.status_of import status_of
from diffedit.ui.theme import screen_theme
from diffedit.ui.thinking import ThinkingPanel
from diffedit.ui.tour import Tour, copy_of_sample
from diffedit.worker.client import Client

T = TypeVar("T")

SMALLEST = (40, 8)
"""Columns and rows below which the screen only says that it is too small."""


class DiffeditApp(App[int]):
    """Composes the widgets and routes: keys to commands, commands to desks, events to desks."""

    CSS_PATH = "app.tcss"
    TITLE = "diffedit"
    COMMANDS = {Palette}  # noqa: RUF012 - Textual declares it so

    def __init__(
        self,
        files: Sequence[FileSpec],
        settings: Settings,
        *,
        demo: bool = False,
        stdin_text: str | None = None,
        client: Client | None = None,
    ) -> None:
        super().__init__()
        self.settings, self.look = settings, themes.load(settings.theme)
        self.buffers = Buffers()
        self.client = client or Client()
        self.filing = Filing(self)
        self.models = ModelRoom(self)
        self.editing = Editing(self, self.models)
        self.reviewing = Reviewing(self)
        self.farewell = ""
        """What is said on the terminal after a bad end."""
        self.heeds_signals = False
        """Whether SIGTERM and SIGHUP save the text first; not where someone else owns the loop."""
        self._opening = (tuple(files), stdin_text, demo)
        self._bindings = BindingsMap()
        for key in bindings(settings.keys):
            action = f"command({key.command!r})"
            self._bindings.bind(key.key, action, show=False, priority=True)

    # The screen --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Tabs()
        with Horizontal(id="body"):
            yield EditorView(Document(), theme=self.look, id="page")
            yield ThinkingPanel()
        yield Tour()
        yield PromptBar(PromptHistory(paths.state_dir() / "prompts.jsonl"))
        yield ReviewBar()
        yield StatusBar()
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Open what was asked for, and wake the model while the person looks."""
        files, stdin_text, demo = self._opening
        if self.heeds_signals:
            last_words.on_signals(self.signalled)
        self.action_look(self.look.name)
        self.editor.indent_width = self.settings.tab_width
        self.editor.show_line_numbers = self.settings.line_numbers
        self.editor.soft_wrap = self.settings.soft_wrap
        self.panel.display = self.settings.thinking_panel
        self.filing.open_all(files, stdin_text)
        for problem in commands.start_problems(self.settings):
            self.say(problem, "warning")
        if demo:
            self.query_one(Tour).begin()
        self.start(self.models.warm_up())

    @property
    def editor(self) -> EditorView:
        """The page."""
        return self.query_one(EditorView)

    @property
    def prompt(self) -> PromptBar:
        """The line for instructions."""
        return self.query_one(PromptBar)

    @property
    def review_bar(self) -> ReviewBar:
        """The line of a review."""
        return self.query_one(ReviewBar)

    @property
    def panel(self) -> ThinkingPanel:
        """Thinking Mode."""
        return self.query_one(ThinkingPanel)

    # What the desks ask of the stage -----------------------------------------------------------

    def say(self, message: str, severity: Severity = "information") -> None:
        """One line in the corner."""
        self.notify(visible(message), severity=severity, markup=False)

    async def ask(self, screen: ModalScreen[T]) -> T:
        """A question, and its answer."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def take(value: T | None) -> None:
            if not answer.done():
                answer.set_result(cast("T", value))

        self.push_screen(screen, take)
        return await answer

    def start(self, work: Awaitable[object]) -> None:
        """In the background; what goes wrong there is said."""
        self.run_worker(self._guard(work), exit_on_error=False)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """After a while."""
        self.set_timer(seconds, call)

    def show_buffer(self) -> None:
        """The current buffer on the page, with its draft or review."""
        buffer = self.buffers.current
        if self.editor.page is not buffer.page or self.editor.code != buffer.language:
            self.editor.open(buffer.page, language=buffer.language)
        self.review_bar.show(buffer.review)
        self.paint(buffer)
        self.refresh_lines()
        self.editor.focus()

    def paint(self, buffer: Buffer) -> None:
        """The draft or review of a buffer, if it is the one on the page."""
        if buffer is not self.buffers.current:
            return
        editor = self.editor
        width = editor.size.width + editor.scroll_offset.x
        found = overlay_of(buffer, self.look, tab=editor.indent_width, width=width)
        editor.show_overlay(found[0] if found else None)
        if found and buffer.review is not None:
            reveal_row(editor, found[1])

    def refresh_lines(self) -> None:
        """The status line and the tabs."""
        buffer = self.buffers.current
        self.query_one(StatusBar).show(status_of(buffer, self.editing, self.models))
        self.query_one(Tabs).show(self.buffers)

    def saw(self, what: str) -> None:
        """For the tour."""
        self.query_one(Tour).saw(what)

    def leave(self, code: int = 0) -> None:
        """End the program, the worker first."""
        self.start(self._leave(code))

    async def _leave(self, code: int) -> None:
        await self.client.close()
        self.exit(code)

    # Commands ----------------------------------------------------------------------------------

    def action_command(self, name: str) -> None:
        """Run a command; a failure is one line, never a crash."""
        try:
            work = commands.BY_ID[name].does(self)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the text must live
            self._went_wrong(error)
        else:
            if work is not None:
                self.start(work)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys wait while a question is open; in the prompt bar ctrl+w deletes a word."""
        if action != "command":
            return True
        if isinstance(self.screen, ModalScreen):
            return False
        return not (self.prompt.has_focus_within and parameters[0] in commands.NOT_IN_PROMPT)

    async def _guard(self, work: Awaitable[object]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the text must live
            self._went_wrong(error)

    def _went_wrong(self, error: Exception) -> None:
        if isinstance(error, DiffeditError):
            self.say(str(error), "error")
            return
        log = last_words.write_log(error)
        self.filing.rescue_all()
        self.say(f"Something went wrong inside; your text is safe. Details: {log}", "error")

    async def escape(self) -> None:
        """One level back: stop fetching, close the bar, cancel the run, drop the review."""
        buffer = self.buffers.current
        if self.prompt.display:
            self.prompt.close()
        elif self.editing.running is not None:
            await self.editing.cancel()
        elif self.models.pulling:
            self.models.stop_pulling()
        elif buffer.review is not None and not self.review_bar.has_focus:
            self.review_bar.focus()
        elif buffer.review is not None:
            self.reviewing.drop()
        else:
            self.editor.focus()

    def show_thinking(self) -> None:
        """Open or close the panel."""
        self.panel.display = not self.panel.display
        self.panel.repaint()
        self.saw("thinking")

    def show_help(self) -> None:
        """The page of keys."""
        self.push_screen(Help(commands.help_sections()))

    def show_palette(self) -> None:
        """The list of commands."""
        self.action_command_palette()

    def edit(self, what: str) -> None:
        """Do what the page itself knows."""
        getattr(self.editor, f"action_{what}")()

    def action_look(self, name: str) -> None:
        """Wear another theme."""
        self.look = themes.load(name)
        screen = screen_theme(self.look)
        self.register_theme(screen)
        self.theme = screen.name
        self.editor.use_theme(self.look)

    def action_plugin(self, name: str) -> None:
        """Run a plugin's command on this page."""
        try:
            PluginDesk(self).run(name)
        except DiffeditError as error:
            self.say(str(error), "error")

    # Events ------------------------------------------------------------------------------------

    def on_prompt_sent(self, event: PromptSent) -> None:
        """Enter in the prompt bar."""
        self.editor.focus()
        self.start(self.editing.send(event.instruction, event.mode))

    def on_prompt_closed(self) -> None:
        """Esc in the prompt bar."""
        self.editor.focus()

    def on_tab_picked(self, event: TabPicked) -> None:
        """A click on a tab."""
        self.filing.step(event.number - self.buffers.at)

    def on_editor_view_edited(self) -> None:
        """The page changed, by whatever hand."""
        self.editing.page_moved(self.buffers.current)
        self.reviewing.page_moved(self.buffers.current)
        self.refresh_lines()

    def on_editor_view_clipped(self, event: EditorView.Clipped) -> None:
        """Something was copied: where to, if that is not sure."""
        if not event.copied.sure:
            self.say(event.copied.message)

    def on_editor_view_moved(self) -> None:
        """The cursor moved."""
        self.refresh_lines()

    def on_resize(self, event: Resize) -> None:
        """Too small a terminal says so instead of showing a broken screen."""
        columns, rows = event.size
        notice = self.query_one("#too-small", Static)
        notice.display = columns < SMALLEST[0] or rows < SMALLEST[1]
        needs = f"{SMALLEST[0]}×{SMALLEST[1]}"
        notice.update(f"The terminal is {columns}×{rows}; diffedit needs {needs}.")

    # The end -----------------------------------------------------------------------------------

    def signalled(self, number: int) -> None:
        """The system asks us to end: the text goes to rescue copies first."""
        copies = self.filing.rescue_all()
        self.farewell = last_words.farewell(f"ended by signal {number}.", copies)
        self.exit(128 + number)

    def _fatal_error(self) -> None:
        """What Textual would show as a traceback becomes a line, a log and rescue copies."""
        copies = self.filing.rescue_all()
        error = self._exception
        log = last_words.write_log(error) if error else paths.state_dir()
        self.farewell = last_words.farewell(f"something went wrong inside; see {log}", copies)
        self._close_messages_no_wait()


def run(
    files: Sequence[FileSpec],
    settings: Settings,
    *,
    demo: bool = False,
    stdin_text: str | None = None,
) -> int:
    """Open the editor, and come back when it is closed, with the program's exit code."""
    last_words.quick_escape()
    if demo:
        files = (FileSpec(path=copy_of_sample()), *files)
    app = DiffeditApp(files, settings, demo=demo, stdin_text=stdin_text)
    app.heeds_signals = True
    code = app.run()
    if app.farewell:
        sys.stderr.write(app.farewell + "\n")
    return code if code is not None else app.return_code or 0
