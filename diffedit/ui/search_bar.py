"""The bar at the bottom in which one searches: the pattern, what to put in its place, the count."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input, Static

from diffedit.core.search import Case, Query
from diffedit.core.show import visible
from diffedit.ui.key_order import is_text
from diffedit.ui.keys import KEYS
from diffedit.ui.looker import Looker

NEXT_CASE: dict[Case, Case] = {"smart": "exact", "exact": "ignore", "ignore": "smart"}
CASES: dict[Case, str] = {"smart": "smart case", "exact": "Case", "ignore": "any case"}
"""What the bar calls each way to compare letters."""


ROOM = 80
"""Columns from which on there is room for hints beside the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the search stands, in words."""

    count: str = ""
    """"3 of 17", or what is wrong."""
    fault: bool = False
    scope: str = ""
    """Where it is confined to, if it can be: "in lines 3-9", or "in selection" when it is not."""
    confined: bool = False
    stays: bool = False
    """Whether Esc leaves the cursor at the match."""


class SearchTyped(Message):
    """What is looked for was changed."""


class Field(Input):
    """One line to type; what is pasted is made one line, and harmless."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding(key.key, f"app.command('{key.command}')", show=False)
        for key in KEYS
        if key.where == "search" and key.bound
    ]

    def __init__(self, name: str) -> None:
        super().__init__(id=name, compact=True, select_on_focus=False)
        # Ctrl+k asks for a rewrite of the match, wherever the keys go.
        self._bindings.key_to_bindings.pop("ctrl+k", None)

    async def _on_key(self, event: Key) -> None:
        """A character is typed; alt with one is no character."""
        if event.is_printable and not is_text(event):
            event.prevent_default()

    def _on_paste(self, event: Paste) -> None:
        """The first line of it."""
        event.stop()
        event.prevent_default()
        line = visible(event.text.split("\n")[0].rstrip("\r")).replace("\t", " ")
        self.replace(line, *self.selection)


class SearchBar(Vertical):
    """How the search stands on top, then the pattern, then what replaces it."""

    def __init__(self) -> None:
        super().__init__(id="search-bar")
        self.looker = Looker()
        """What looks for what is typed; its process ends with the bar."""
        self._options = Query(pattern="")
        self._standing = Standing()

    def compose(self) -> ComposeResult:
        """Heading and fields."""
        yield Static(id="search-heading")
        with Horizontal(classes="search-line"):
            yield Static("Find     ", classes="search-label")
            yield Field("pattern")
            yield Static("↓↑ next, previous · tab replace", classes="search-hint")
        with Horizontal(classes="search-line", id="replacing"):
            yield Static("Replace  ", classes="search-label")
            yield Field("replacement")
            yield Static("enter replace · alt+a all", classes="search-hint")

    @property
    def query_asked(self) -> Query:
        """What is looked for."""
        return replace(self._options, pattern=self.pattern.value)

    @property
    def pattern(self) -> Field:
        """The line for what is looked for."""
        return self.query_one("#pattern", Field)

    @property
    def replacement(self) -> Field:
        """The line for what takes its place."""
        return self.query_one("#replacement", Field)

    @property
    def replacing(self) -> bool:
        """Whether the line for the replacement is shown."""
        return bool(self.query_one("#replacing").display)

    @replacing.setter
    def replacing(self, shown: bool) -> None:
        self.query_one("#replacing").display = shown
        self._paint()

    @property
    def in_use(self) -> bool:
        """Whether the keys go here."""
        return self.display and (self.pattern.has_focus or self.replacement.has_focus)

    def turn(self, option: str) -> None:
        """Change how it looks: `case`, `regex` or `word`."""
        now = self._options
        if option == "case":
            self._options = replace(now, case=NEXT_CASE[now.case])
        elif option == "regex":
            self._options = replace(now, regex=not now.regex)
        else:
            self._options = replace(now, whole_word=not now.whole_word)
        self._paint()

    def show(self, standing: Standing) -> None:
        """Say how the search stands."""
        if standing != self._standing:
            self._standing = standing
            self._paint()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Something was typed."""
        event.stop()
        if event.input is self.pattern:
            self.post_message(SearchTyped())

    async def on_unmount(self) -> None:
        """The editor ends."""
        await self.looker.close()

    def page_shown(self) -> None:
        """A page is shown, perhaps another: it is searched too."""
        if self.display:
            self.post_message(SearchTyped())

    def on_resize(self) -> None:
        """Hints stand where there is room for them."""
        for hint in self.query(".search-hint"):
            hint.display = self.size.width >= ROOM

    def _paint(self) -> None:
        """The heading."""
        text = Text(no_wrap=True, overflow="ellipsis")
        now, options = self._standing, self._options
        text.append(" Replace " if self.replacing else " Find ", "reverse bold")
        count = visible(now.count) or "type what to look for"
        text.append(f" {count} ", "bold reverse" if now.fault else "bold")
        turns = [
            ("alt+c", CASES[options.case], options.case != "smart", "search_case"),
            ("alt+x", "regex", options.regex, "search_regex"),
            ("alt+w", "word", options.whole_word, "search_word"),
        ]
        if now.scope:
            turns.append(("alt+s", now.scope, now.confined, "search_scope"))
        for key, name, on, command in turns:
            link = Style.from_meta({"@click": f"app.command({command!r})"})
            text.append(f" {key} ", Style(dim=True) + link)
            text.append(f"[{name}]" if on else name, Style(bold=on, reverse=on) + link)
        text.append("  esc stay here" if now.stays else "  esc back", "dim")
        self.query_one("#search-heading", Static).update(text)
