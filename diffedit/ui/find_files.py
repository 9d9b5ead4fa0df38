"""Find in files: what is typed is looked for in the project, and each match can be gone to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from diffedit.core.errors import RequestError
from diffedit.core.search import Query
from diffedit.core.show import one_line, visible
from diffedit.ui.dialogs import Question
from diffedit.ui.finder import find_in_files
from diffedit.ui.search_bar import CASES, NEXT_CASE

SETTLED = 0.2
"""Seconds without a key after which the project is looked through."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A match that someone wants to go to: the file, and its row and columns from 0."""

    path: Path
    row: int
    start: int
    end: int


@dataclass(slots=True)
class Asked:
    """What was asked last, so that the next time goes on from there."""

    query: Query
    at: int = 0
    """Which of the matches was gone to."""


class FindInFiles(Question[Spot | None]):
    """A line to type, and the matches below it as they are found."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("escape", "leave", show=False),
        Binding("down", "list('cursor_down')", show=False, priority=True),
        Binding("up", "list('cursor_up')", show=False, priority=True),
        Binding("pagedown", "list('page_down')", show=False, priority=True),
        Binding("pageup", "list('page_up')", show=False, priority=True),
        Binding("alt+c", "turn('case')", show=False, priority=True),
        Binding("alt+x", "turn('regex')", show=False, priority=True),
        Binding("alt+w", "turn('word')", show=False, priority=True),
    ]

    def __init__(self, root: Path, asked: Asked, open_texts: Mapping[str, str]) -> None:
        super().__init__()
        self._root = root
        self._asked = asked
        self._open = open_texts
        self._spots: list[Spot] = []
        self._waits: Timer | None = None
        self.said = ""
        """How far it is, or what is wrong."""

    def compose(self) -> ComposeResult:
        """What is asked, the line, the matches."""
        with Vertical(classes="dialog tall wide"):
            yield Static(id="files-heading")
            yield Input(self._asked.query.pattern, compact=True, placeholder="text to look for")
            yield OptionList(id="files-found", compact=True)

    def on_mount(self) -> None:
        """Go on from where it was left."""
        self.query_one(Input).focus()
        self._say("type what to look for")
        if self._asked.query.pattern:
            self._begin(self._asked.at)

    # What is looked for ------------------------------------------------------------------------

    def on_input_changed(self, event: Input.Changed) -> None:
        """Typed: look when it is quiet."""
        if event.value == self._asked.query.pattern:
            return
        self._asked.query = replace(self._asked.query, pattern=event.value)
        self._say("…")
        if self._waits is not None:
            self._waits.stop()
        self._waits = self.set_timer(SETTLED, self._begin)

    def action_turn(self, option: str) -> None:
        """Change how it is compared."""
        now = self._asked.query
        if option == "case":
            now = replace(now, case=NEXT_CASE[now.case])
        elif option == "regex":
            now = replace(now, regex=not now.regex)
        else:
            now = replace(now, whole_word=not now.whole_word)
        self._asked.query = now
        self._begin()

    def _begin(self, at: int = 0) -> None:
        """Look anew; what was going on is ended."""
        if self._waits is not None:
            self._waits.stop()
            self._waits = None
        self._asked.at = at
        self._spots.clear()
        self.query_one(OptionList).clear_options()
        self.run_worker(self._look(self._asked.query), exclusive=True, exit_on_error=False)

    async def _look(self, query: Query) -> None:
        """Take the matches as they are found."""
        if not query.pattern:
            self._say("type what to look for")
            return
        self._say("looking …")
        try:
            async with aclosing(find_in_files(query, self._root, self._open)) as found:
                async for answer in found:
                    self._take(answer)
        except RequestError as error:
            self._say(str(error))

    def _take(self, answer: dict[str, Any]) -> None:
        """One word of the other process."""
        if "hits" in answer:
            self._list(answer["file"], answer["hits"])
        count = len(self._spots)
        found = f"{count} match{'' if count == 1 else 'es'}"
        within = len({spot.path for spot in self._spots})
        if answer.get("done"):
            more = ", and there are more" if answer["capped"] else ""
            self._say(f"{found}{more} in {within} of {answer['seen']} files")
        elif "seen" in answer:
            self._say(f"{found} so far, in {answer['seen']} files …")

    def _list(self, name: str, hits: list[tuple[int, int, int, str, int]]) -> None:
        """The matches in a file, one a line."""
        options = []
        for row, start, end, line, first in hits:
            self._spots.append(Spot(self._root / name, row, start, end))
            text = Text(no_wrap=True, overflow="ellipsis")
            text.append(f"{one_line(name)}:{row + 1} ", Style(bold=True))
            cut = len(line) - len(line.lstrip())
            shown = one_line(line[cut:])
            text.append(shown)
            at = len(text) - len(shown) - first - cut
            text.stylize("reverse", max(start + at, 0), max(end + at, 0))
            options.append(Option(text))
        found = self.query_one(OptionList)
        found.add_options(options)
        if found.highlighted is None or found.highlighted < self._asked.at:
            found.highlighted = min(self._asked.at, len(self._spots) - 1)

    # What is gone to ---------------------------------------------------------------------------

    def action_list(self, action: str) -> None:
        """A key for the list."""
        found = self.query_one(OptionList)
        if found.option_count and found.size.height:
            getattr(found, f"action_{action}")()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: to the match that is marked; before they are looked for, look for them."""
        event.stop()
        if self._waits is not None:
            # What the list shows are matches of what was typed before.
            self._begin()
            return
        self._go(self.query_one(OptionList).highlighted)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click, or Enter in the list."""
        event.stop()
        self._go(event.option_index)

    def _go(self, at: int | None) -> None:
        if at is not None and at < len(self._spots):
            self._asked.at = at
            self.leave(self._spots[at])

    def action_leave(self) -> None:
        """Esc."""
        self.leave(None)

    def _say(self, what: str) -> None:
        """The heading."""
        self.said = what
        query = self._asked.query
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" Find in {one_line(self._root.name)} ", "reverse bold")
        text.append(f" {visible(what)} ", "bold")
        for key, name, on in (
            ("alt+c", CASES[query.case], query.case != "smart"),
            ("alt+x", "regex", query.regex),
            ("alt+w", "word", query.whole_word),
        ):
            text.append(f" {key} ", Style(dim=True))
            text.append(f"[{name}]" if on else name, Style(bold=on, reverse=on))
        self.query_one("#files-heading", Static).update(text)
