"""The editor: what is on the screen, and which desk does what. No logic of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.binding import BindingsMap
from textual.events import Event, Key, Paste, Resize
from textual.screen import ModalScreen

from diffedit.config import paths
from diffedit.config.settings import Settings
from diffedit.core.errors import DiffeditError
from diffedit.core.filespec import FileSpec
from diffedit.core.show import visible
from diffedit.ui import clipboard, commands, haste, last_words, late
from diffedit.ui.asking import Asking
from diffedit.ui.buffers import Buffers
from diffedit.ui.editing import Editing
from diffedit.ui.editor import EditorView
from diffedit.ui.escape import one_level_back
from diffedit.ui.events import PromptSent, TabPicked
from diffedit.ui.filing import Filing
from diffedit.ui.hooks import Hooks
from diffedit.ui.in_files import InFiles
from diffedit.ui.key_order import as_it_is, drained, is_typing
from diffedit.ui.looking import Looking
from diffedit.ui.model_room import ModelRoom
from diffedit.ui.own_keys import in_force
from diffedit.ui.reviewing import Reviewing
from diffedit.ui.reworking import Reworking
from diffedit.ui.search_bar import SearchTyped
from diffedit.ui.searching import Searching
from diffedit.ui.stage import Severity
from diffedit.ui.status import Status
from diffedit.ui.status_of import status_of
from diffedit.ui.window import Window
from diffedit.ui.writing import Writing

if TYPE_CHECKING:
    from diffedit.worker.client import Client

T = TypeVar("T")


class DiffeditApp(App[int]):
    """Composes the widgets and routes: keys to commands, commands to desks, events to desks."""

    CSS_PATH = "app.tcss"
    TITLE = "diffedit"
    copy_to_clipboard, (refresh_css, get_default_screen) = clipboard.copy_line, haste.COLOURS
    COMMANDS = {late.palette}  # noqa: RUF012 - Textual declares it so

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
        self.settings, self.buffers = settings, Buffers()
        self.window = Window(self, settings, self.buffers, self._status)
        self._client, self._opening = client, (tuple(files), stdin_text, demo)
        self.filing, self.models = Filing(self), ModelRoom(self)
        self.editing = desk = Editing(self, self.models)
        self.asking, self.looking = Asking(self, desk), Looking(self, desk)
        self.reviewing, self.reworking = Reviewing(self), Reworking(self, desk)
        self.in_files, self.hooks = InFiles(self, self.filing.open), Hooks(self)
        self.searching, self.farewell = Searching(self), ""
        """The farewell: what is said on the terminal after a bad end."""
        self.heeds_signals = False
        """Whether SIGTERM and SIGHUP save the text first; not where someone else owns the loop."""
        self.first_task: Callable[[], None] = lambda: None
        self._bindings = BindingsMap()
        for key in in_force(settings.keys):
            if key.where == "anywhere":
                self._bindings.bind(key.key, f"command({key.command!r})", show=False)

    # The screen --------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The window's widgets."""
        yield from self.window.compose()

    def on_mount(self) -> None:
        """Open what was asked for; what need not be there to be seen comes after it is."""
        files, stdin_text, demo = self._opening
        if self.heeds_signals:
            last_words.on_signals(self.signalled)
        self.window.set_up(list(self._bindings.key_to_bindings))
        self.window.editor.canvas = Writing(self, self.filing.keeping.drafted)
        self.window.prompt.heard = lambda: self.start(self.asking.look_ahead())
        self.filing.open_all(files, stdin_text)
        if demo:
            self.window.tour.begin()
        self.app_resume_signal.subscribe(self, lambda _: self.on_app_focus())
        self.call_after_refresh(self._seen)

    def _seen(self) -> None:
        """The first text is on the screen: colour it, and wake the model while the person looks."""
        self.filing.settle()
        self.hooks.settle()
        for problem in commands.start_problems(self.settings):
            self.say(problem, "warning")
        self.start(self.models.warm_up())
        self.first_task()
        haste.collect_from_now_on()

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

    @property
    def quiet(self) -> bool:
        """Whether no question stands on the screen."""
        return len(self.screen_stack) == 1

    @property
    def client(self) -> Client:
        """The model's worker."""
        if self._client is None:
            from diffedit.worker.client import Client  # noqa: PLC0415 - after the first text is seen

            self._client = Client()
        return self._client

    def _status(self) -> Status:
        indent = self.window.editor.indent_words
        return status_of(self.buffers.current, self.editing, self.models, indent=indent)

    def leave(self, code: int = 0) -> None:
        """End the program, the worker first."""
        self.start(self._leave(code))

    async def _leave(self, code: int) -> None:
        self.editing.abandon()
        self.models.abandon()
        await self.client.close()
        self.exit(code)

    # Commands ----------------------------------------------------------------------------------

    async def action_command(self, name: str) -> None:
        """Run a command; a failure is one line, never a crash."""
        try:
            work = commands.find(name).does(self)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the text must live
            self._went_wrong(error)
        else:
            if work is not None:
                self.start(work)
                # A question that it asks must be there before the next key is looked at.
                await asyncio.sleep(0)

    async def on_event(self, event: Event) -> None:
        """Each key is done before the next is looked at; a command's key comes before typing."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if not self.screen_stack:
                return  # we are about to end, and someone types on
            await drained(self.focused)
            if isinstance(event, Key) and not is_typing(event, self.focused):
                early = self.window.typed_early(event)
                for priority in (True, False):
                    if early or await self._check_bindings(event.key, priority=priority):
                        return
        if isinstance(event, Resize) and not self.is_headless:
            event = as_it_is(event)
        await super().on_event(event)

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
        """One level back, whatever that is."""
        await one_level_back(self)

    def show_help(self) -> None:
        """The page of keys."""
        from diffedit.ui.dialogs import Help  # noqa: PLC0415 - when it is asked for

        cannot = commands.greyed(self.client.abilities)
        self.push_screen(Help(commands.help_sections(self.settings.keys), cannot))

    def show_palette(self) -> None:
        """The list of commands."""
        if self.screen is self.screen_stack[0]:
            self.push_screen(late.palette_screen())

    def action_pick(self, kind: str, name: str) -> None:
        """What the palette offers beside the commands."""
        self.start(late.pick(self, kind, name))

    # Events ------------------------------------------------------------------------------------

    def on_prompt_sent(self, event: PromptSent) -> None:
        """Enter in the prompt bar."""
        self.window.focus_on(self.window.editor)
        self.start(self.editing.send(event))

    def on_search_typed(self, event: SearchTyped) -> None:
        """What is looked for is another."""
        self.searching.typed()

    def on_prompt_closed(self) -> None:
        """Esc in the prompt bar."""
        self.editing.closed()

    def on_tab_picked(self, event: TabPicked) -> None:
        """A click on a tab."""
        self.filing.step(event.number - self.buffers.at)

    def on_editor_view_shown(self) -> None:
        """Another page is there."""
        self.hooks.shown()

    def on_editor_view_edited(self, event: EditorView.Edited) -> None:
        """The page changed, by whatever hand."""
        self.hooks.edited(event.changes)
        self.editing.page_moved(self.buffers.current)
        self.reviewing.page_moved(self.buffers.current)
        if self.buffers.current.page.can_redo:
            self.window.saw("undone")
        self.window.refresh_lines()

    def on_editor_view_clipped(self, event: EditorView.Clipped) -> None:
        """Something was copied: where to, if that is not sure."""
        if not event.copied.sure:
            self.say(event.copied.message)

    def on_editor_view_moved(self) -> None:
        """The cursor moved."""
        self.window.refresh_lines()
        self.searching.moved()

    def on_app_focus(self) -> None:
        """The terminal is ours again: who knows what was done meanwhile."""
        self.start(self.filing.look_around())
        self.hooks.focused()

    def on_resize(self, event: Resize) -> None:
        """Too small a terminal says so instead of showing a broken screen."""
        self.window.fit(event.size)

    # The end -----------------------------------------------------------------------------------

    def signalled(self, number: int) -> None:
        """The system asks us to end: the text goes to rescue copies first."""
        rescued = self.filing.rescue_all()
        self.farewell = last_words.farewell(f"ended by signal {number}.", rescued)
        self.exit(128 + number)

    def panic(self, *renderables: RenderableType) -> None:
        """An error that Textual would draw in colours ends as every other one."""
        self._fatal_error()

    def _fatal_error(self) -> None:
        """What Textual would show as a traceback becomes a line, a log and rescue copies."""
        rescued = self.filing.rescue_all()
        log = last_words.write_log(self._exception) if self._exception else paths.state_dir()
        self.farewell = last_words.farewell(f"something went wrong inside; see {log}", rescued)
        self._close_messages_no_wait()
