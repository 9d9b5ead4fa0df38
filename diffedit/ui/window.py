"""What is on the screen, from top to bottom, and how it is brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual.app import App, ComposeResult, SuspendNotSupported
from textual.containers import Horizontal
from textual.events import Key
from textual.filter import NoColor
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from diffedit.config import paths, themes
from diffedit.config.settings import Settings
from diffedit.core.document import Document
from diffedit.core.show import visible
from diffedit.ui.buffers import Buffer, Buffers, Tabs
from diffedit.ui.editor import EditorView
from diffedit.ui.key_order import is_text
from diffedit.ui.keys import Where
from diffedit.ui.look_bar import LookBar
from diffedit.ui.overlays import overlay_of, reveal_row
from diffedit.ui.own_keys import rebind
from diffedit.ui.picture import save_picture
from diffedit.ui.prompt_bar import PromptBar
from diffedit.ui.prompt_history import PromptHistory
from diffedit.ui.review_bar import ReviewBar
from diffedit.ui.search_bar import Field, SearchBar
from diffedit.ui.status import Status, StatusBar
from diffedit.ui.theme import screen_theme
from diffedit.ui.thinking import ThinkingPanel
from diffedit.ui.tour import Tour

SMALLEST = Size(40, 8)
"""Columns and rows below which the screen only says that it is too small."""


WAYS = {
    "soft_wrap": "Long lines are broken at the edge",
    "show_blanks": "Blanks and line ends are shown",
    "relative_numbers": "Lines are counted from the cursor",
    "show_line_numbers": "Line numbers",
    "auto_pairs": "Brackets come in pairs",
}
"""What can be turned on and off while one edits, and what it is called then."""


class Window:
    """The widgets of the editor's one screen."""

    editor: EditorView
    prompt: PromptBar
    review_bar: ReviewBar
    look_bar: LookBar
    search: SearchBar
    panel: ThinkingPanel
    tour: Tour

    def __init__(
        self, app: App[int], settings: Settings, buffers: Buffers, status: Callable[[], Status]
    ) -> None:
        """`status` tells what the status line should say."""
        # The theme that NO_COLOR asks for gives way only to one that is asked for just now.
        asked = settings.origins.get("theme") == "--theme"
        plain = app.no_color and not asked
        self.look = themes.load("mono" if plain else settings.theme)
        if app.no_color:
            app._filters = [NoColor()]
        self._app = app
        self._dress()
        # The style sheet was made before; with this, what it is first read with is right.
        app.stylesheet.set_variables(app.get_css_variables())
        self._settings = settings
        self._buffers = buffers
        self._status = status

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        self.tabs, self.status_bar = Tabs(), StatusBar()
        self.editor = EditorView(Document(), theme=self.look, id="page")
        self.panel, self.tour = ThinkingPanel(), Tour()
        self.review_bar, self.look_bar = ReviewBar(), LookBar()
        self.prompt = PromptBar(PromptHistory(paths.state_dir() / "prompts.jsonl"))
        self.search = SearchBar()
        self.too_small = Static(id="too-small", markup=False)
        yield self.tabs
        with Horizontal(id="body"):
            yield self.editor
            yield self.panel
        yield from (self.tour, self.search, self.prompt, self.review_bar)
        yield self.look_bar
        yield from (self.status_bar, self.too_small)

    def set_up(self, app_keys: list[str]) -> None:
        """Dress all as the settings ask; the page leaves the app's keys to the app."""
        for key in app_keys:
            self.editor._bindings.key_to_bindings.pop(key, None)
        places: tuple[tuple[Where, Widget], ...] = (
            ("editor", self.editor),
            ("prompt", self.prompt),
            ("review", self.review_bar),
            ("look", self.look_bar),
            *(("search", field) for field in self.search.query(Field)),
        )
        for where, widget in places:
            rebind(widget, where, self._settings.keys)
        asked = self._settings
        self.editor.indent_as(asked.tab_width, with_tabs=asked.indent_with_tabs)
        self.editor.auto_pairs = asked.auto_pairs
        self.editor.show_blanks = asked.show_blanks
        self.editor.relative_numbers = asked.relative_numbers
        self.editor.show_line_numbers = asked.line_numbers
        self.editor.soft_wrap = asked.soft_wrap
        self.panel.display = self._settings.thinking_panel
        self.prompt.pin_by_default(self._settings.pins)

    def wear(self, name: str) -> None:
        """Put on another theme. Raises RequestError for a faulty one."""
        self.look = themes.load(name)
        self._dress()
        self.editor.use_theme(self.look)
        if self._buffers.all:
            self.paint(self._buffers.current)

    def _dress(self) -> None:
        """Give Textual the theme; before the first style sheet is read it costs next to nothing."""
        screen = screen_theme(self.look)
        self._app.register_theme(screen)
        self._app.theme = screen.name

    def fit(self, size: Size) -> None:
        """Too small a terminal says so instead of showing a broken screen."""
        small = size.width < SMALLEST.width or size.height < SMALLEST.height
        self.too_small.display = small
        needs = f"{SMALLEST.width}×{SMALLEST.height}"
        self.too_small.update(
            f"The terminal is {size.width}×{size.height}; diffedit needs {needs}."
        )
        if self._buffers.all:
            self.paint(self._buffers.current)

    def focus_on(self, widget: Widget) -> None:
        """The keys go there from the very next one on, even while a question is being closed."""
        self._app.screen_stack[0].set_focus(widget)

    def typed_early(self, event: Key) -> bool:
        """Whether a letter was pressed before the review came: it is the draft's, no verdict."""
        bar, canvas = self.review_bar, self.editor.canvas
        if not bar.has_focus or not is_text(event) or event.time >= bar.since:
            return False
        return canvas is not None and canvas.typed(event.character or "")

    def show_buffer(self) -> None:
        """The current buffer on the page, with its draft or review."""
        buffer = self._buffers.current
        if self.prompt.display and self.editor.page is not buffer.page:
            self.prompt.close()
        if self.editor.page is not buffer.page:
            self.editor.open(buffer.page, language=buffer.language)
        self.editor.read_only = buffer.locked
        self.show_language()
        self.review_bar.show(buffer.review, buffer.edit)
        self.look_bar.show(buffer.edit if buffer.edit.looking else None, buffer.look)
        self.search.page_shown()
        self.paint(buffer)
        self.refresh_lines()
        self.focus_on(self.editor)

    def show_language(self) -> None:
        """The current buffer in the colours of its language."""
        if self.editor.code != self._buffers.current.language:
            self.editor.speak(self._buffers.current.language)

    def paint(self, buffer: Buffer) -> None:
        """The draft or review of a buffer, if it is the one on the page."""
        if buffer is not self._buffers.current:
            return
        editor = self.editor
        width = editor.size.width + editor.scroll_offset.x
        found = overlay_of(buffer, self.look, tab=editor.indent_width, width=width)
        editor.show_overlay(found[0] if found else None)
        # Whoever types elsewhere is not taken away from there.
        if found and self._app.screen_stack[0].focused in (self.review_bar, self.look_bar):
            reveal_row(editor, found[1])

    def refresh_lines(self) -> None:
        """The status line and the tabs."""
        self.status_bar.show(self._status())
        self.tabs.show(self._buffers)

    def saw(self, what: str) -> None:
        """For the tour."""
        self.tour.saw(what)

    def show_tree(self, root: Path, opens: Callable[[Path], None]) -> None:
        """The tree beside the page: open it, go to it, or close it if one is there already."""
        from diffedit.ui.tree import FileTree  # noqa: PLC0415 - when it is asked for

        body = self.editor.parent
        assert isinstance(body, Widget)
        found = list(body.query(FileTree))
        if not found:
            tree = FileTree(root, opens, self.to_text)
            body.mount(tree, before=self.editor)
            self._app.call_after_refresh(self.focus_on, tree)
        elif found[0].has_focus:
            found[0].remove()
            self.focus_on(self.editor)
        else:
            self.focus_on(found[0])

    def turn(self, what: str) -> None:
        """Turn a way to look at the page on or off, until the editor is left."""
        on = not getattr(self.editor, what)
        setattr(self.editor, what, on)
        self._app.notify(f"{WAYS[what]}: {'on' if on else 'off'}", timeout=2)

    def show_thinking(self) -> None:
        """Open or close the panel."""
        self.panel.display = not self.panel.display
        self.panel.repaint()
        self.saw("thinking")

    def suspend(self) -> None:
        """Give the terminal back to the shell until it says fg."""
        self._app.action_suspend_process()

    def bare(self, work: Callable[[], None]) -> None:
        """Do something on the terminal as it is without us, and come back."""
        try:
            with self._app.suspend():
                work()
        except SuspendNotSupported:
            work()

    def picture(self) -> None:
        """Save the screen as it is. Raises FileError."""
        path = save_picture(self._app, Path.cwd())
        self._app.notify(f"Saved {visible(path.name)} in the current folder.", markup=False)

    def to_text(self) -> None:
        """Give the keys to the page."""
        self.focus_on(self.editor)

    def scroll(self, by: int, *, page: bool = False) -> None:
        """Look further up or down; the cursor stays."""
        rows = max(self.editor.size.height - 2, 1) if page else 1
        self.editor.scroll_relative(y=by * rows, animate=False)

    def edit(self, what: str) -> None:
        """Do what the page itself knows: undo, copy and the like."""
        getattr(self.editor, f"action_{what}")()
